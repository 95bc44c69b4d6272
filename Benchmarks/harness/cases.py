"""The cases: each yields JSON lines, the last one with the medians and the goals."""

import json
import os
import pathlib
import re
import socket
import statistics
import subprocess
import time

from . import postgres, programs


def flood(options):
    """(a) The whole path through a real Redis at full flood, against a C loop that only reads.

    A ratio above 1 does not mean that we read faster than C does. Redis was seen to spend 0.9 to 1.3 microseconds an
    event on a C reader that sleeps between reads and 0.7 to 0.9 on one that never does, probably because it pays for
    the waking; we sleep seldom under a flood. `ratio_to_busy` compares with the latter, which burns a whole core.
    """
    rounds = []
    for number in range(1, options.rounds + 1):
        sides = [
            lambda: prefixed("c", flood_c_reader(options.events)),
            lambda: prefixed("c_busy", flood_c_reader(options.events, "busy")),
            lambda: flood_reactor(options),
        ]
        # Each round begins at the other end, so that no side always comes first.
        line = {"case": "flood", "round": number, "events": options.events, "load": round(os.getloadavg()[0], 1)}
        for side in sides if number % 2 else reversed(sides):
            line |= side()
        line["ratio"] = ratio(line, "c")
        line["ratio_to_busy"] = ratio(line, "c_busy")
        rounds.append(line)
        yield line
    result = medians(
        "flood", rounds, "c_events_per_second", "c_busy_events_per_second", "events_per_second", "ratio", "ratio_to_busy",
        "busiest_thread_share", "c_redis_share", "redis_share", "cpu_us_per_event", "peak_rss_besides_ring_mib",
    )
    # The worst round, not the median: a loss is a loss.
    for name in ("lost", "c_lost", "c_busy_lost"):
        result[name] = max(line[name] for line in rounds)
    yield judged(
        result,
        {
            "ratio >= 0.95": result["ratio"] is not None and result["ratio"] >= 0.95,
            "lost == 0": result["lost"] == 0,
            "busiest_thread_share <= 0.70": result["busiest_thread_share"] <= 0.70,
            "redis_share >= 0.90": result["redis_share"] >= 0.90,
            "peak_rss_besides_ring_mib <= 45": result["peak_rss_besides_ring_mib"] <= 45,
        },
    )


def ratio(line, other):
    """Our rate over the other side's; None when either was cut off and lost events, for then its rate means nothing."""
    if line["lost"] or line[f"{other}_lost"]:
        return None
    return round(line["events_per_second"] / line[f"{other}_events_per_second"], 3)


def prefixed(prefix, line):
    return {f"{prefix}_{name}": value for name, value in line.items()}


def flood_c_reader(events, *options):
    with programs.redis_server() as (pid, where), programs.reader(where, events, *options) as reader:
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


def flood_reactor(options, **configuration):
    events = options.events
    with programs.redis_server() as (redis, where), programs.reactor(
        options.reactor, f"unix://{where}", **configuration
    ) as reactor:
        redis_before, before = programs.cpu_seconds(redis), programs.cpu_seconds(reactor.pid)
        received_before = reactor.received()
        # What only the start needs is given back within a second of it; here the flood is looked at.
        time.sleep(1)
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
            "alerts": round(metrics.get("aos_alert_decisions_total", 0)),
            "busiest_thread_share": round(busiest(before, after) / elapsed, 3),
            "redis_share": round(redis_share, 3),
            "cpu_us_per_event": round(spent(before, after) * 1e6 / max(1, received), 3),
            "peak_rss_besides_ring_mib": round(rss.mib - metrics.get("aos_ring_high_water_bytes", 0) / 2**20, 1),
        }


def blast(options):
    """(b) The whole path against a fake server that floods without being a bottleneck.

    Beside it, in each round, what a real Redis delivers to a C loop that only reads.
    """
    rounds = []
    for number in range(1, options.rounds + 1):
        redis = prefixed("redis", flood_c_reader(options.events))
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
            "load": round(os.getloadavg()[0], 1),
            "events": options.events,
            "redis_events_per_second": redis["redis_events_per_second"],
            "redis_lost": redis["redis_lost"],
            "events_per_second": round(received / elapsed),
            "lost": round(options.events - received + metrics.get("aos_events_dropped_total", 0)),
            "busiest_thread_share": round(busiest(before, after) / elapsed, 3),
            "cpu_us_per_event": round(spent(before, after) * 1e6 / max(1, received), 3),
        }
        line["ratio"] = ratio(line, "redis")
        rounds.append(line)
        yield line
    result = medians(
        "blast", rounds, "redis_events_per_second", "events_per_second", "ratio", "busiest_thread_share",
        "cpu_us_per_event",
    )
    result["lost"] = max(line["lost"] for line in rounds)
    yield judged(
        result,
        {
            "ratio >= 2": result["ratio"] is not None and result["ratio"] >= 2,
            "cpu_us_per_event <= 1.0": result["cpu_us_per_event"] <= 1.0,
            "lost == 0": result["lost"] == 0,
        },
    )


def latency(options, rate=50_000, duration=5):
    """(c) From the publisher's clock to the handler at 50,000 events a second, against a C reader."""
    probe = pathlib.Path(".build/release/latency-probe")
    events, rounds = rate * duration, []
    for number in range(1, options.rounds + 1):
        load = round(os.getloadavg()[0], 1)
        line = {"case": "latency", "round": number, "load": load, "rate": rate, "events": events}
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
        result["lost"] = max(line["lost"] for line in rounds)
        goals = {"p50_ratio <= 1.15": result["p50_ratio"] <= 1.15, "lost == 0": result["lost"] == 0}
        result = judged(result, goals)
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
    yield judged(
        result,
        {
            "rss_mib <= 35": result["rss_mib"] <= 35,
            "cpu_percent < 0.5": result["cpu_percent"] < 0.5,
            "start_to_running_ms < 200": result["start_to_running_ms"] < 200,
        },
    )


def printed(*command):
    """The lines of JSON that a program prints, each as it comes."""
    with programs.process(command, stdout=-1, text=True) as child:
        for line in child.stdout:
            yield json.loads(line)


def judged(result, goals):
    """The result with each goal by name and whether it was met."""
    return result | {"goals": goals, "goals_met": all(goals.values())}


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
    """The median of each number over the rounds that have it; of ratios also how many rounds that were."""
    result = {"case": case, "rounds": len(rounds), "cores": os.cpu_count()}
    for name in names:
        values = [line[name] for line in rounds if line[name] is not None]
        result[name] = round(statistics.median(values), 3) if values else None
        if len(values) < len(rounds):
            result[f"{name}_rounds"] = len(values)
    return result


def stages(options):
    """What each stage costs one thread in memory, cumulated: nanoseconds an event, the fastest of the rounds."""
    yield from printed(".build/release/stage-bench", "--rounds", options.rounds, "--events", options.events)


def patterns(options):
    """Rules of every kind, 1 to 10,000 of them, on events of three sizes; in memory, on one thread."""
    lines = []
    for line in printed(".build/release/EventPatternsBench", "--rounds", options.rounds):
        lines.append(line)
        yield line
    yield judged_patterns(lines)


def contract(options):
    """The audit contract in memory, on one thread: a million open runs, their deadlines, events, a day."""
    lines = {}
    for line in printed(".build/release/contract-bench", "--events", options.events):
        lines[line["case"]] = line
        yield line
    result = {
        "case": "contract",
        "events_per_s": lines["contract_events"]["events_per_s"],
        "bytes_per_run": lines["open_runs"]["bytes_per_run"],
        "reload_of_a_million_s": round(lines["reload"]["ns_per_run"] / 1000, 1),
        "day_ms": round(lines["day"]["us"] / 1000, 1),
    }
    yield judged(
        result,
        {
            "events_per_s >= 100 k": result["events_per_s"] >= 100_000,
            "bytes_per_run <= 1024": result["bytes_per_run"] <= 1024,
            "reload_of_a_million_s < 30": result["reload_of_a_million_s"] < 30,
            "day_ms < 50": result["day_ms"] < 50,
        },
    )


def sharing(options):
    """The audit contract with its state in Redis: events, deadlines in one minute, a million open runs read at a start."""
    lines = {}
    with programs.redis_server() as (_, where):
        for line in printed(".build/release/machine-bench", "--redis", f"unix://{where}"):
            lines[line["case"]] = line
            yield line
    result = {
        "case": "sharing",
        "events_per_s": lines["contract_events_redis"]["events_per_s"],
        "late_p99_ms": lines["deadlines_redis"]["late_p99_ms"],
        "reload_of_a_million_s": round(lines["reload_redis"]["seconds"], 1),
    }
    yield judged(
        result,
        {
            "events_per_s >= 50 k": result["events_per_s"] >= 50_000,
            "late_p99_ms <= 250": result["late_p99_ms"] <= 250,
            "reload_of_a_million_s < 30": result["reload_of_a_million_s"] < 30,
        },
    )


def judged_patterns(lines):
    """What the lines of the case say about its goals."""
    def of(name, **keys):
        return [line for line in lines if line["set"] == name and all(line.get(key) == keys[key] for key in keys)]

    def rate(name):
        return of(name)[0]["events_per_s"]

    matrix = [line for line in lines if "rss_growth_kib" in line]
    growth = {
        f'{line["set"].removeprefix("growth: ")} {line["event_bytes"]}': line["ratio"] for line in lines if "ratio" in line
    }
    worst = max(growth, key=growth.get)
    large = max(line["event_bytes"] for line in matrix)
    result = {
        "case": "patterns",
        "exact_types_per_s": rate("envelopes: 5 exact types"),
        "mixed_per_s": rate("envelopes: mixed leaves"),
        "type_tenant_numeric_per_s": rate("envelopes: 1000 type+tenant+numeric"),
        "worst_growth_10_to_10000_rules": growth[worst],
        "worst_growth_of": worst,
        "one_field_of_10_kib_mb_per_s": next(
            line["megabytes_per_s"] for line in of("exact", rules=1) if line["event_bytes"] > large - 100
        ),
        "most_memory_10000_rules_mib": round(
            max(max(line["table_kib"], line["rss_growth_kib"]) for line in matrix if line["rules"] == 10_000) / 1024, 1
        ),
        "worst_adding_us": max(line["worst_us"] for line in of("adding a rule")),
    }
    return judged(
        result,
        {
            "exact_types_per_s >= 1.8 M": result["exact_types_per_s"] >= 1_800_000,
            "mixed_per_s >= 700 k": result["mixed_per_s"] >= 700_000,
            "type_tenant_numeric_per_s >= 700 k": result["type_tenant_numeric_per_s"] >= 700_000,
            "worst_growth_10_to_10000_rules <= 1.5": growth[worst] <= 1.5,
            "one_field_of_10_kib_mb_per_s >= 1000": result["one_field_of_10_kib_mb_per_s"] >= 1_000,
            "most_memory_10000_rules_mib <= 64": result["most_memory_10000_rules_mib"] <= 64,
            "worst_adding_us < 1000": result["worst_adding_us"] < 1_000,
        },
    )


def history(options):
    """(g) Rows a second from the reactor's memory into a real database, each batch committed to disk."""
    rounds = []
    for number in range(1, options.rounds + 1):
        line = {"case": "history", "round": number, "load": round(os.getloadavg()[0], 1)}
        with programs.folder() as folder, postgres.server() as url:
            for name, database in ("sqlite", f"sqlite:{folder}/history.db"), ("postgres", url):
                command = [".build/release/history-bench", database, folder / f"spill-{name}"]
                with programs.process(command, stdout=-1, text=True) as child:
                    found = json.loads(child.stdout.read())
                line |= {f"{name}_{key}": value for key, value in found.items() if key != "database"}
        rounds.append(line)
        yield line
    result = medians(
        "history", rounds, "sqlite_rows_per_second", "postgres_rows_per_second", "sqlite_cpu_us_per_row",
        "postgres_cpu_us_per_row", "sqlite_record_ns_per_row", "postgres_record_ns_per_row",
    )
    result["lost"] = max(line["sqlite_lost"] + line["postgres_lost"] for line in rounds)
    yield judged(
        result,
        {
            "sqlite_rows_per_second >= 20 k": result["sqlite_rows_per_second"] >= 20_000,
            "postgres_rows_per_second >= 20 k": result["postgres_rows_per_second"] >= 20_000,
            "lost == 0": result["lost"] == 0,
        },
    )


def decide(options, alerts=1_000_000):
    """(h) Alerts decided a second, in memory and by the script in Redis, and whether the books are complete afterwards."""
    program, rounds = ".build/release/decide-bench", []
    for number in range(1, options.rounds + 1):
        line = {"case": "decide", "round": number, "load": round(os.getloadavg()[0], 1)}
        with programs.process([program, "memory", alerts], stdout=-1, text=True) as child:
            line |= prefixed("memory", json.loads(child.stdout.read()))
        with programs.redis_server() as (_, where):
            with programs.process([program, "redis", f"unix://{where}", alerts], stdout=-1, text=True) as child:
                line |= prefixed("redis", json.loads(child.stdout.read()))
        rounds.append(line)
        yield line
    result = medians(
        "decide", rounds, "memory_decisions_per_second", "redis_decisions_per_second", "redis_single_p50_ms",
        "redis_single_p99_ms", "redis_ping_p50_ms", "redis_ping_p99_ms", "redis_deliveries_per_second",
        "redis_explain_p50_ms", "redis_explain_p99_ms",
    )
    for name in "redis_missing", "redis_contradicting":
        result[name] = max(line[name] for line in rounds)
    yield judged(
        result,
        {
            "memory_decisions_per_second >= 1 M": result["memory_decisions_per_second"] >= 1_000_000,
            "redis_decisions_per_second >= 20 k": result["redis_decisions_per_second"] >= 20_000,
            "redis_single_p99_ms < 2": result["redis_single_p99_ms"] < 2,
            "redis_explain_p99_ms < 50": result["redis_explain_p99_ms"] < 50,
            "missing == 0, contradicting == 0": result["redis_missing"] + result["redis_contradicting"] == 0,
        },
    )


def scenarios(options):
    """(i) Scenarios: a day in which something happens, one in which nothing does, and all that are shipped."""
    rounds = []
    for number in range(1, options.rounds + 1):
        line = {"case": "scenarios", "round": number, "load": round(os.getloadavg()[0], 1)}
        found = scenario_times(options, "Benchmarks/scenarios")
        line |= {"day_ms": found["a day"], "quiet_day_ms": found["a quiet day"]}
        begin = time.perf_counter()
        shipped = scenario_times(options, "handlers")
        line |= {"shipped": len(shipped), "shipped_ms": round((time.perf_counter() - begin) * 1000, 1)}
        rounds.append(line)
        yield line
    result = medians("scenarios", rounds, "day_ms", "quiet_day_ms", "shipped", "shipped_ms")
    yield judged(
        result,
        {
            "day_ms < 50": result["day_ms"] < 50,
            "quiet_day_ms < 50": result["quiet_day_ms"] < 50,
            "shipped_ms < 2000": result["shipped_ms"] < 2_000,
        },
    )


def scenario_times(options, folder):
    """What each scenario of a folder took, in milliseconds, as the program tells it; all must pass."""
    output = subprocess.run([options.reactor, "test", folder], stdout=subprocess.PIPE, text=True, check=True).stdout
    return {
        name: float(taken) for name, taken in re.findall(r"^ok +\S+: (.*) \(\S+ in ([0-9.]+) ms\)$", output, re.MULTILINE)
    }


def history_path(options, rate=50_000, duration=10):
    """(j) What history costs the event path: 50,000 events a second about runs under a contract, recorded or not.

    `ratio` compares events handled a second, `cpu_ratio` what the thread that reads them spends. What history cannot take
    in time it may leave out of single events, never of what was found and decided: `left_out` says how many.
    """
    events, rounds = rate * duration, []
    for number in range(1, options.rounds + 1):
        line = {"case": "history_path", "round": number, "rate": rate, "load": round(os.getloadavg()[0], 1)}
        with postgres.server() as url:
            sides = [("off", "off"), ("sqlite", "sqlite:{folder}/history.db"), ("postgres", url)]
            for name, database in sides if number % 2 else reversed(sides):
                line |= prefixed(name, history_side(options, database, events, rate))
        for name in "sqlite", "postgres":
            line[f"{name}_ratio"] = round(line[f"{name}_events_per_second"] / line["off_events_per_second"], 3)
            line[f"{name}_cpu_ratio"] = round(line[f"{name}_busiest_share"] / max(0.001, line["off_busiest_share"]), 3)
        rounds.append(line)
        yield line
    names = [f"{name}_{key}" for name in ("sqlite", "postgres") for key in ("ratio", "cpu_ratio", "rows_per_second")]
    result = medians("history_path", rounds, *names)
    result["dropped"] = max(line[f"{name}_dropped"] for line in rounds for name in ("sqlite", "postgres"))
    result["rows_lost"] = max(line[f"{name}_rows_lost"] for line in rounds for name in ("sqlite", "postgres"))
    goals = {f"{name}_ratio >= 0.95": result[f"{name}_ratio"] >= 0.95 for name in ("sqlite", "postgres")}
    goals |= {f"{name} >= 20 k rows/s": result[f"{name}_rows_per_second"] >= 20_000 for name in ("sqlite", "postgres")}
    yield judged(result, goals | {"dropped == 0": result["dropped"] == 0, "rows_lost == 0": result["rows_lost"] == 0})


def alert_path(options):
    """(k) What alerting costs the event path: the flood with decisions in Redis and one event of a thousand an alert, some five
    hundred a second, beside the flood without.

    `ratio` compares events handled a second, `cpu_ratio` what our threads spend on an event.
    """
    rounds = []
    for number in range(1, options.rounds + 1):
        sides = [
            lambda: prefixed("off", flood_reactor(options)),
            lambda: prefixed("on", flood_reactor(options, handlers="handlers-alerts", state="redis")),
        ]
        line = {"case": "alert_path", "round": number, "events": options.events, "load": round(os.getloadavg()[0], 1)}
        for side in sides if number % 2 else reversed(sides):
            line |= side()
        line["ratio"] = round(line["on_events_per_second"] / line["off_events_per_second"], 3)
        line["cpu_ratio"] = round(line["on_cpu_us_per_event"] / line["off_cpu_us_per_event"], 3)
        rounds.append(line)
        yield line
    names = ("off_events_per_second", "on_events_per_second", "on_alerts", "ratio", "cpu_ratio")
    result = medians("alert_path", rounds, *names)
    result["lost"] = max(line[f"{side}_lost"] for line in rounds for side in ("off", "on"))
    goals = {"ratio >= 0.95": result["ratio"] >= 0.95, "lost == 0": result["lost"] == 0}
    yield judged(result, goals | {"on_alerts > 0": result["on_alerts"] > 0})


def history_side(options, database, events, rate):
    with programs.redis_server() as (_, where):
        with programs.reactor(
            options.reactor, f"unix://{where}", history=database, handlers="handlers-history"
        ) as reactor:
            before, received_before = programs.cpu_seconds(reactor.pid), reactor.received()
            published = programs.publish(where, events, rate)
            end, received = drained(reactor, received_before, events)
            after, metrics = programs.cpu_seconds(reactor.pid), reactor.metrics()
            elapsed = (end - published["start_ns"]) / 1e9
            return {
                "events_per_second": round(received / elapsed),
                "dropped": round(metrics.get("aos_events_dropped_total", 0)),
                "busiest_share": round(busiest(before, after) / elapsed, 3),
                "rows_per_second": round(metrics.get("aos_history_written_total", 0) / elapsed),
                "rows_lost": round(metrics.get("aos_history_lost_total", 0)),
                "left_out": round(metrics.get("aos_history_events_skipped_total", 0)),
            }


ALL = {
    "flood": flood,
    "blast": blast,
    "latency": latency,
    "idle": idle,
    "stages": stages,
    "patterns": patterns,
    "decide": decide,
    "contract": contract,
    "sharing": sharing,
    "history": history,
    "history_path": history_path,
    "alert_path": alert_path,
    "scenarios": scenarios,
}
