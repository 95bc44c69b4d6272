extension MetricCatalog {
    /// What lies between the decision that an alert goes out and its arrival.
    package enum Deliveries {
        package static let deliveries = MetricDescription(
            "aos_deliveries_total",
            .counter,
            help: "Attempts to tell a receiver, by outcome: delivered, retried (there will be another) or dead.",
            labels: ["receiver", "outcome"]
        )
        package static let planned = MetricDescription(
            "aos_deliveries_planned_total",
            .counter,
            help: "Messages that this reactor has put into the outbox."
        )
        package static let unreadable = MetricDescription(
            "aos_notices_unreadable_total",
            .counter,
            help: "Decided alerts whose record could not be read; they are put aside."
        )
        package static let takenOver = MetricDescription(
            "aos_deliveries_taken_over_total",
            .counter,
            help: "Messages that another reactor, or an earlier life of this one, had begun to send and never finished."
        )
        package static let attemptDuration = MetricDescription(
            "aos_delivery_attempt_seconds",
            .histogram,
            help: "How long one attempt to tell a receiver took.",
            unit: .seconds,
            buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30]
        )
        package static let duration = MetricDescription(
            "aos_delivery_seconds",
            .histogram,
            help: "From a message being put into the outbox to its arrival.",
            unit: .seconds,
            buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30, 300, 3_600, 86_400]
        )
        package static let notices = MetricDescription(
            "aos_outbox_notices",
            .gauge,
            help: "Alerts that were decided to go out and are not yet made into messages."
        )
        package static let groups = MetricDescription(
            "aos_outbox_groups",
            .gauge,
            help: "Groups of alerts that wait for others, or last."
        )
        package static let depth = MetricDescription(
            "aos_outbox_depth",
            .gauge,
            help: "Messages that have neither arrived nor been given up.",
            labels: ["receiver"]
        )
        package static let deadLetters = MetricDescription(
            "aos_dead_letters",
            .gauge,
            help: "Messages that were given up and are kept."
        )
        package static let inFlight = MetricDescription(
            "aos_deliveries_in_flight",
            .gauge,
            help: "Messages that this reactor is sending.",
            labels: ["receiver"]
        )
        package static let breaker = MetricDescription(
            "aos_receiver_breaker_state",
            .gauge,
            help: "1 for the state that the receiver's circuit breaker is in: closed, open or half_open.",
            labels: ["receiver", "state"],
            unit: .flag
        )
        package static let disabled = MetricDescription(
            "aos_receiver_disabled",
            .gauge,
            help: "Whether the receiver said that it is no more (1), so that nothing is sent to it.",
            labels: ["receiver"],
            unit: .flag
        )

        static let all = [
            deliveries, planned, unreadable, takenOver, attemptDuration, duration, notices, groups, depth, deadLetters,
            inFlight, breaker, disabled,
        ]
    }
}
