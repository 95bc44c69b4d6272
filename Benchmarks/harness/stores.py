"""Cases of what is decided and remembered: alerts, contracts, history."""

import json
import os

from . import postgres, programs
from .measures import judged, medians, prefixed, printed


def decide(options, alerts=1_000_000):
    """(h) Alerts decided a second, in memory and by the script in Redis, and whether the books are complete afterwards."""
    program, rounds = ".build/release/decide-bench", []
    for number in range(1, options.rounds + 1):
        line = {"case": "decide", "round": number, "load": round(os.getloadavg()[0], 1)}
        # Tenants whose alerts the caches hold, and as many as the script in Redis is asked about.
        for name, tenants in ("memory", 64), ("memory_many", 4096):
            with programs.process([program, "memory", alerts, tenants], stdout=-1, text=True) as child:
                line |= prefixed(name, json.loads(child.stdout.read()))
        with programs.redis_server() as (_, where):
            with programs.process([program, "redis", f"unix://{where}", alerts], stdout=-1, text=True) as child:
                line |= prefixed("redis", json.loads(child.stdout.read()))
        rounds.append(line)
        yield line
    result = medians(
        "decide", rounds, "memory_decisions_per_second", "memory_many_decisions_per_second",
        "redis_decisions_per_second", "redis_single_p50_ms", "redis_single_p99_ms", "redis_ping_p50_ms",
        "redis_ping_p99_ms", "redis_deliveries_per_second", "redis_explain_p50_ms", "redis_explain_p99_ms",
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
