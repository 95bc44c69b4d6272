"""Cases that need no server: stages in memory, patterns, scenarios."""

import os
import re
import subprocess
import time

from .measures import judged, medians, printed


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
