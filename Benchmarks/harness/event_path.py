"""Cases of the way of an event, from a publisher to its handlers, and of what else a reactor does meanwhile."""

import json
import os
import pathlib
import time

from . import postgres, programs
from .measures import busiest, command, drained, judged, medians, prefixed, ratio, seconds, spent


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


def flood_budget(options, budgets=(150, 300, 450, 600)):
    """(l) What limits a flood: how much time a subscriber may take for an event before it slows the server down.

    The C loop computes for so many nanoseconds an event, beside the one that only reads and the reactor. On few cores
    publisher, server and subscriber share what there is, so that none that works gets what an idle one does; whether the
    reactor gets what its CPU time lets one expect is to be seen here.
    """
    rounds = []
    for number in range(1, options.rounds + 1):
        sides = [lambda: prefixed("c", flood_c_reader(options.events))]
        sides += [
            lambda budget=budget: prefixed(f"work_{budget}", flood_c_reader(options.events, "work", budget))
            for budget in budgets
        ]
        sides.append(lambda: flood_reactor(options))
        line = {"case": "flood_budget", "round": number, "events": options.events, "load": round(os.getloadavg()[0], 1)}
        for side in sides if number % 2 else reversed(sides):
            line |= side()
        for budget in budgets:
            own = {name: line[f"work_{budget}_{name}"] for name in ("events_per_second", "lost")}
            line[f"work_{budget}_ratio"] = ratio(line | own, "c")
        line["ratio"] = ratio(line, "c")
        rounds.append(line)
        yield line
    names = [f"work_{budget}_{name}" for budget in budgets for name in ("cpu_us_per_event", "ratio")]
    yield medians("flood_budget", rounds, "c_events_per_second", "c_cpu_us_per_event", *names, "cpu_us_per_event", "ratio")


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
            published = programs.publish(where, events, rate)
            read = reader.result()
            line |= {"publisher_spins": published["spins"]}
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
