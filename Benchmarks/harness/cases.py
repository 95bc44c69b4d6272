"""The cases by name: each yields JSON lines, the last one with the medians and the goals."""

from . import event_path, rules, stores

ALL = {
    "flood": event_path.flood,
    "flood_budget": event_path.flood_budget,
    "blast": event_path.blast,
    "latency": event_path.latency,
    "idle": event_path.idle,
    "stages": rules.stages,
    "patterns": rules.patterns,
    "decide": stores.decide,
    "contract": stores.contract,
    "sharing": stores.sharing,
    "history": stores.history,
    "history_path": event_path.history_path,
    "alert_path": event_path.alert_path,
    "scenarios": rules.scenarios,
}
