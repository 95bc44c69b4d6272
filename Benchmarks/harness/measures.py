"""What the cases share: rates, shares of cores, medians, goals."""

import json
import os
import socket
import statistics
import time

from . import programs


def printed(*command):
    """The lines of JSON that a program prints, each as it comes."""
    with programs.process(command, stdout=-1, text=True) as child:
        for line in child.stdout:
            yield json.loads(line)


def judged(result, goals):
    """The result with each goal by name and whether it was met."""
    return result | {"goals": goals, "goals_met": all(goals.values())}


def medians(case, rounds, *names):
    """The median of each number over the rounds that have it; of ratios also how many rounds that were."""
    result = {"case": case, "rounds": len(rounds), "cores": os.cpu_count()}
    for name in names:
        values = [line[name] for line in rounds if line[name] is not None]
        result[name] = round(statistics.median(values), 3) if values else None
        if len(values) < len(rounds):
            result[f"{name}_rounds"] = len(values)
    return result


def prefixed(prefix, line):
    return {f"{prefix}_{name}": value for name, value in line.items()}


def ratio(line, other):
    """Our rate over the other side's; None when either was cut off and lost events, for then its rate means nothing."""
    if line["lost"] or line[f"{other}_lost"]:
        return None
    return round(line["events_per_second"] / line[f"{other}_events_per_second"], 3)


def drained(reactor, received_before, events):
    """Waits until all events were received, or none came for two seconds; when that was, and how many.

    Called when everything was sent: each look costs the reactor a scrape.
    """
    received, moved = 0, time.monotonic_ns()
    while received < events and time.monotonic_ns() - moved < 2e9:
        now = reactor.received() - received_before
        if now > received:
            received, moved = now, time.monotonic_ns()
        if received < events:
            time.sleep(0.02)
    return moved, min(received, events)


def command(port, *words):
    with socket.create_connection(("127.0.0.1", port)) as client:
        parts = "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
        client.sendall(f"*{len(words)}\r\n{parts}".encode())
        return client.recv(4096)


def seconds(published):
    return (published["end_ns"] - published["start_ns"]) / 1e9


def spent(before, after):
    return sum(after.values()) - sum(before.values())


def busiest(before, after):
    return max(value - before.get(thread, 0) for thread, value in after.items())
