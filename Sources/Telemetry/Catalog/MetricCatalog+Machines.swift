extension MetricCatalog {
    /// Built-ins that remember over events.
    package enum Machines {
        package static let findings = MetricDescription(
            "aos_audit_findings_total",
            .counter,
            help: "What was found wrong with runs, each once: MISSING, DRIFT, STALE, FAILED, INVALID; and LATE.",
            labels: ["finding"]
        )
        package static let signals = MetricDescription(
            "aos_threshold_signals_total",
            .counter,
            help: "Limits that were crossed, by tier, or are kept again (recovered).",
            labels: ["tier"]
        )
        package static let flips = MetricDescription(
            "aos_worker_flips_total",
            .counter,
            help: "Changes of the state of workers, by the state they changed to.",
            labels: ["state"]
        )
        package static let refused = MetricDescription(
            "aos_machine_refused_total",
            .counter,
            help: "What built-ins did not take in, by reason.",
            labels: ["reason"]
        )
        package static let kept = MetricDescription(
            "aos_machine_keys",
            .gauge,
            help: "Runs, keys or workers that a built-in remembers.",
            labels: ["handler"]
        )
        package static let forgottenEarly = MetricDescription(
            "aos_machine_forgotten_early_total",
            .counter,
            help: "Runs, keys or workers that a built-in had to forget before their time to make room.",
            labels: ["handler"]
        )
        package static let waiting = MetricDescription(
            "aos_machine_events_waiting",
            .gauge,
            help: "Events that wait for built-ins that remember."
        )
        package static let lateness = MetricDescription(
            "aos_deadline_lateness_seconds",
            .histogram,
            help: "From a deadline to the moment at which it was worked off: the first of each batch.",
            unit: .seconds,
            buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
        )

        static let all = [findings, signals, flips, refused, kept, forgottenEarly, waiting, lateness]
    }
}
