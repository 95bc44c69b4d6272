/// Every metric that the reactor exposes, described once. `docs/metrics.md` is written from here.
package enum MetricCatalog {
    /// A group of metrics with the heading that it has in the documentation.
    package struct Section: Sendable {
        package let title: String
        package let metrics: [MetricDescription]
    }

    package static let sections: [Section] = [
        Section(title: "Of the original system", metrics: Original.all),
        Section(title: "The way of an event", metrics: Intake.all),
        Section(title: "Handlers", metrics: Handlers.all),
        Section(title: "Built-ins that remember", metrics: Machines.all),
        Section(title: "Alerts", metrics: Alerts.all),
        Section(title: "Deliveries", metrics: Deliveries.all),
        Section(title: "History", metrics: History.all),
        Section(title: "The subscription and Redis", metrics: Subscription.all),
        Section(title: "The reactor and its configuration", metrics: Runtime.all),
        Section(title: "Telemetry and the admin interface", metrics: SelfReport.all),
        Section(title: "The process", metrics: Process.all),
    ]

    package static let all: [MetricDescription] = sections.flatMap(\.metrics)
}

extension MetricCatalog {
    /// The names, types, labels and buckets of the system that this one replaces: dashboards depend on them.
    package enum Original {
        package static let eventsReceived = MetricDescription(
            "aos_events_received_total",
            .counter,
            help: "Events that were read as an envelope; heartbeats of reactors only where a handler names their type.",
            labels: ["event_type"]
        )
        package static let eventsHandled = MetricDescription(
            "aos_events_handled_total",
            .counter,
            help: "Handler calls that succeeded.",
            labels: ["event_type", "handler"]
        )
        package static let eventsFailed = MetricDescription(
            "aos_events_failed_total",
            .counter,
            help: "Handler calls that failed or timed out.",
            labels: ["event_type", "handler"]
        )
        package static let handlerDuration = MetricDescription(
            "aos_event_handler_duration_seconds",
            .histogram,
            help: "How long a handler took with an event.",
            labels: ["event_type", "handler"],
            unit: .seconds
        )
        package static let heartbeats = MetricDescription(
            "aos_reactor_heartbeat_total",
            .counter,
            help: "Heartbeats that the reactor published."
        )
        package static let heartbeatsMissed = MetricDescription(
            "aos_reactor_heartbeat_missed_total",
            .counter,
            help: "Heartbeats that did not come back on the own subscription in time."
        )
        package static let auditAlerts = MetricDescription(
            "aos_audit_alerts_total",
            .counter,
            help: "Alerts raised by the audit handlers, before fatigue control.",
            labels: ["alert_type", "severity"]
        )

        static let all = [
            eventsReceived, eventsHandled, eventsFailed, handlerDuration, heartbeats, heartbeatsMissed, auditAlerts,
        ]
    }

    /// From the socket to the router.
    package enum Intake {
        package static let messagesReceived = MetricDescription(
            "aos_messages_received_total",
            .counter,
            help: """
                Messages received on the subscribed channels. At any scrape equal to matched + unmatched + \
                quarantined + dropped + waiting in the ring.
                """
        )
        package static let bytesReceived = MetricDescription(
            "aos_messages_received_bytes_total",
            .counter,
            help: "Bytes of the messages received on the subscribed channels.",
            unit: .bytes
        )
        package static let matched = MetricDescription(
            "aos_events_matched_total",
            .counter,
            help: "Events that at least one handler accepted."
        )
        package static let unmatched = MetricDescription(
            "aos_events_unmatched_total",
            .counter,
            help: "Events that no handler accepted."
        )
        package static let quarantined = MetricDescription(
            "aos_events_quarantined_total",
            .counter,
            help: "Messages that were not events, by reason.",
            labels: ["reason"]
        )
        package static let dropped = MetricDescription(
            "aos_events_dropped_total",
            .counter,
            help: "Messages that were dropped because the ring was full, by the policy in force.",
            labels: ["policy"]
        )
        package static let timestampsFlagged = MetricDescription(
            "aos_events_timestamp_flagged_total",
            .counter,
            help: "Events whose time was missing, unreadable or without an offset.",
            labels: ["problem"]
        )
        package static let nonFinite = MetricDescription(
            "aos_events_non_finite_total",
            .counter,
            help: "Events that held NaN or an infinity, read as null."
        )
        package static let ringBytes = MetricDescription(
            "aos_ring_bytes",
            .gauge,
            help: "Bytes waiting in the ring between the socket and the handlers.",
            unit: .bytes
        )
        package static let ringMessages = MetricDescription(
            "aos_ring_messages",
            .gauge,
            help: "Messages waiting in the ring."
        )
        package static let ringCapacity = MetricDescription(
            "aos_ring_capacity_bytes",
            .gauge,
            help: "Bytes that the ring can hold.",
            unit: .bytes
        )
        package static let ringHighWater = MetricDescription(
            "aos_ring_high_water_bytes",
            .gauge,
            help: "Most bytes that have waited in the ring since the start.",
            unit: .bytes
        )
        package static let overloadEpisodes = MetricDescription(
            "aos_overload_episodes_total",
            .counter,
            help: "Times that the ring became full and messages were dropped."
        )
        package static let overloadActive = MetricDescription(
            "aos_overload_active",
            .gauge,
            help: "Whether messages are being dropped now (1) or not (0).",
            unit: .flag
        )

        static let all = [
            messagesReceived, bytesReceived, matched, unmatched, quarantined, dropped, timestampsFlagged, nonFinite,
            ringBytes, ringMessages, ringCapacity, ringHighWater, overloadEpisodes, overloadActive,
        ]
    }

    /// What handlers did. At any scrape dispatched = succeeded + failed + timed out + in flight, for each handler.
    package enum Handlers {
        package static let dispatched = MetricDescription(
            "aos_handler_dispatched_total",
            .counter,
            help: "Events handed to the handler: succeeded + failed + timed out + in flight at any scrape.",
            labels: ["handler"]
        )
        package static let succeeded = MetricDescription(
            "aos_handler_succeeded_total",
            .counter,
            help: "Calls of the handler that succeeded.",
            labels: ["handler"]
        )
        package static let failed = MetricDescription(
            "aos_handler_failed_total",
            .counter,
            help: "Calls of the handler that failed.",
            labels: ["handler"]
        )
        package static let timedOut = MetricDescription(
            "aos_handler_timed_out_total",
            .counter,
            help: "Calls of the handler that were given up at the time limit.",
            labels: ["handler"]
        )
        package static let inFlight = MetricDescription(
            "aos_handler_in_flight",
            .gauge,
            help: "Calls of the handler that have begun and not ended.",
            labels: ["handler"]
        )
        package static let registered = MetricDescription(
            "aos_handlers_registered",
            .gauge,
            help: "Handlers that are loaded and enabled."
        )
        package static let published = MetricDescription(
            "aos_published_events_total",
            .counter,
            help: "Events that handlers' publish actions sent, by result: published, failed, loop_cut or queue_full.",
            labels: ["result"]
        )

        static let all = [dispatched, succeeded, failed, timedOut, inFlight, registered, published]
    }

    /// What became of alerts.
    package enum Alerts {
        package static let decisions = MetricDescription(
            "aos_alert_decisions_total",
            .counter,
            help: "Alerts by verdict; every alert has exactly one.",
            labels: ["verdict"]
        )
        package static let decisionDuration = MetricDescription(
            "aos_alert_decision_duration_seconds",
            .histogram,
            help: "From an alert being raised to its verdict.",
            unit: .seconds,
            buckets: [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5]
        )
        package static let waiting = MetricDescription(
            "aos_alerts_waiting",
            .gauge,
            help: "Alerts that wait for their verdict."
        )
        package static let refused = MetricDescription(
            "aos_alerts_refused_total",
            .counter,
            help: "Alerts that could not be decided, by reason.",
            labels: ["reason"]
        )

        static let all = [decisions, decisionDuration, waiting, refused]
    }
}
