"""The cases: each yields JSON lines, the last one with the medians and the goals."""

import json
import os
import pathlib
import socket
import statistics
import time

from . import programs

#: Goals: performance.md, "Goals", and what the release must show.
RING_MIB = 64


def flood(options):
    """(a) The whole path through a real Redis at full flood, against a C loop that only reads."""
    rounds = []
    for number in range(1, options.rounds + 1):
        c_side = flood_c_reader(options.events)
        ours = flood_reactor(options)
        line = {"case": "flood", "round": number, "events": options.events}
        line |= {f"c_{name}": value for name, value in c_side.items()}
        line |= ours
        line["ratio"] = round(ours["events_per_second"] / c_side["events_per_second"], 3)
        rounds.append(line)
        yield line
    result = medians(
        "flood", rounds, "c_events_per_second", "events_per_second", "ratio", "busiest_thread_share", "redis_share",
        "cpu_us_per_event", "peak_rss_mib",
    )
    result["lost"] = max(line["lost"] for line in rounds)
    result["goal"] = "ratio >= 0.95, lost 0, busiest thread <= 0.70 while Redis >= 0.90, RSS <= 45 MiB besides the ring"
    result["goals_met"] = (
        result["ratio"] >= 0.95 and result["lost"] == 0 and result["busiest_thread_share"] <= 0.70
        and result["peak_rss_mib"] <= 45 + RING_MIB
    )
    yield result


def flood_c_reader(events):
    with programs.redis_server() as (pid, where), programs.reader(where, events) as reader:
        before = programs.cpu_seconds(pid)
        published = programs.publish(where, events)
        share = busiest(before, programs.cpu_seconds(pid)) / seconds(published)
        read = reader.result()
        return {
            "events_per_second": round(read["received"] * 1e9 / (read["last_ns"] - published["start_ns"])),
            "lost": events - read["received"],
            "redis_share": round(share, 3),
            "cpu_us_per_event": round(read["cpu_seconds"] * 1e6 / max(1, read["received"]), 3),
        }


def flood_reactor(options):
    events = options.events
    with programs.redis_server() as (redis, where), programs.reactor(options.reactor, f"unix://{where}") as reactor:
        redis_before, before = programs.cpu_seconds(redis), programs.cpu_seconds(reactor.pid)
        received_before = reactor.received()
        with programs.PeakRSS(reactor.pid) as rss:
            published = programs.publish(where, events)
            redis_share = busiest(redis_before, programs.cpu_seconds(redis)) / seconds(published)
            end, received = drained(reactor, received_before, events)
        after, metrics = programs.cpu_seconds(reactor.pid), reactor.metrics()
        elapsed = (end - published["start_ns"]) / 1e9
        dropped = metrics.get("aos_events_dropped_total", 0)
        return {
            "events_per_second": round(received / elapsed),
            "lost": round(events - received + dropped),
            "dispatched": round(metrics.get("aos_handler_dispatched_total", 0)),
            "busiest_thread_share": round(busiest(before, after) / elapsed, 3),
            "redis_share": round(redis_share, 3),
            "cpu_us_per_event": round(spent(before, after) * 1e6 / max(1, received), 3),
            "peak_rss_mib": round(rss.mib, 1),
            "ring_high_water_mib": round(metrics.get("aos_ring_high_water_bytes", 0) / 2**20, 2),
        }


def blast(options):
    """(b) The whole path against a fake server that floods without being a bottleneck."""
    rounds = []
    for number in range(1, options.rounds + 1):
        with programs.blaster(options.events) as (server, port):
            with programs.reactor(options.reactor, f"redis://127.0.0.1:{port}") as reactor:
                before, received_before = programs.cpu_seconds(reactor.pid), reactor.received()
                command(port, "BLAST")
                sent = json.loads(server.stdout.readline())
                end, received = drained(reactor, received_before, options.events)
                after, metrics = programs.cpu_seconds(reactor.pid), reactor.metrics()
        elapsed = (end - sent["start_ns"]) / 1e9
        line = {
            "case": "blast",
            "round": number,
            "events": options.events,
            "events_per_second": round(received / elapsed),
            "lost": round(options.events - received + metrics.get("aos_events_dropped_total", 0)),
            "busiest_thread_share": round(busiest(before, after) / elapsed, 3),
            "cpu_us_per_event": round(spent(before, after) * 1e6 / max(1, received), 3),
        }
        rounds.append(line)
        yield line
    result = medians("blast", rounds, "events_per_second", "busiest_thread_share", "cpu_us_per_event")
    result["goal"] = "<= 1.0 microsecond of CPU an event; >= 2x the events per second of the flood case"
    result["goals_met"] = result["cpu_us_per_event"] <= 1.0
    yield result


def latency(options, rate=50_000, duration=5):
    """(c) From the publisher's clock to the handler at 50,000 events a second, against a C reader."""
    probe = pathlib.Path(".build/release/latency-probe")
    events, rounds = rate * duration, []
    for number in range(1, options.rounds + 1):
        line = {"case": "latency", "round": number, "rate": rate, "events": events}
        with programs.redis_server() as (_, where), programs.reader(where, events, "latency") as reader:
            programs.publish(where, events, rate)
            read = reader.result()
            line |= {"c_p50_us": read["p50_us"], "c_p99_us": read["p99_us"]}
        if probe.exists():
            with programs.redis_server() as (_, where):
                with programs.process([probe, f"unix://{where}", events], stdout=-1, text=True) as child:
                    child.stdout.readline()
                    programs.publish(where, events, rate)
                    seen = json.loads(child.stdout.readline())
            line |= {"p50_us": seen["p50_us"], "p99_us": seen["p99_us"], "lost": events - seen["received"]}
            line["p50_ratio"] = round(seen["p50_us"] / read["p50_us"], 3)
        rounds.append(line)
        yield line
    if probe.exists():
        result = medians("latency", rounds, "c_p50_us", "c_p99_us", "p50_us", "p99_us", "p50_ratio")
        result["goal"] = "p50 <= 1.15x of the C reader"
        result["goals_met"] = result["p50_ratio"] <= 1.15
    else:
        result = medians("latency", rounds, "c_p50_us", "c_p99_us")
        result["note"] = f"{probe} is not built, so only the C side was measured"
    yield result


def idle(options, watched=10):
    """(d) Memory and CPU with nothing to do, and the time from start to RUNNING."""
    rounds = []
    for number in range(1, options.rounds + 1):
        with programs.redis_server() as (_, where), programs.reactor(options.reactor, f"unix://{where}") as reactor:
            time.sleep(2)
            before = programs.cpu_seconds(reactor.pid)
            time.sleep(watched)
            after = programs.cpu_seconds(reactor.pid)
            line = {
                "case": "idle",
                "round": number,
                "rss_mib": round(programs.rss_mib(reactor.pid), 1),
                "cpu_percent": round(spent(before, after) * 100 / watched, 3),
                "start_to_running_ms": round(reactor.seconds_to_running * 1000, 1),
                "threads": len(after),
            }
        rounds.append(line)
        yield line
    result = medians("idle", rounds, "rss_mib", "cpu_percent", "start_to_running_ms")
    result["goal"] = "RSS <= 35 MiB, CPU < 0.5 % of a core, RUNNING within 200 ms"
    result["goals_met"] = (
        result["rss_mib"] <= 35 and result["cpu_percent"] < 0.5 and result["start_to_running_ms"] < 200
    )
    yield result


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


def medians(case, rounds, *names):
    result = {"case": case, "median_of": len(rounds), "cores": os.cpu_count()}
    return result | {name: statistics.median(line[name] for line in rounds) for name in names}


def patterns(options):
    """Rules of every kind, 1 to 10,000 of them, on events of three sizes; in memory, on one thread."""
    command = [".build/release/EventPatternsBench", "--rounds", str(options.rounds)]
    with programs.process(command, stdout=-1, text=True) as child:
        for line in child.stdout:
            yield json.loads(line)


ALL = {"flood": flood, "blast": blast, "latency": latency, "idle": idle, "patterns": patterns}
