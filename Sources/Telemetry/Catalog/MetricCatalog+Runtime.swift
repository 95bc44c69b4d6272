extension MetricCatalog {
    /// The connection to Redis, and what was not seen while it was down.
    package enum Subscription {
        package static let connectionUp = MetricDescription(
            "aos_redis_connection_up",
            .gauge,
            help: "Whether the connection is up (1) or not (0): subscription or commands.",
            labels: ["connection"],
            unit: .flag
        )
        package static let reconnects = MetricDescription(
            "aos_redis_reconnects_total",
            .counter,
            help: "Times that the connection was opened again.",
            labels: ["connection"]
        )
        package static let redisErrors = MetricDescription(
            "aos_redis_errors_total",
            .counter,
            help: "Errors of Redis and of the connection to it, by code.",
            labels: ["code"]
        )
        package static let lastReceive = MetricDescription(
            "aos_subscription_last_receive_timestamp_seconds",
            .gauge,
            help: "When bytes last arrived on the subscription, in seconds since 1970.",
            unit: .seconds
        )
        package static let probeRoundTrip = MetricDescription(
            "aos_probe_round_trip_seconds",
            .histogram,
            help: "From publishing a probe to its arrival on the own subscription.",
            unit: .seconds,
            buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15]
        )
        package static let probesOverdue = MetricDescription(
            "aos_probes_overdue_total",
            .counter,
            help: "Probes that did not come back in time."
        )
        package static let gapWindows = MetricDescription(
            "aos_gap_windows_total",
            .counter,
            help: "Times that the subscription was blind, by cause.",
            labels: ["cause"]
        )
        package static let gapSeconds = MetricDescription(
            "aos_gap_seconds_total",
            .counter,
            help: "Time that the subscription was blind.",
            unit: .seconds
        )
        package static let gapUpperBound = MetricDescription(
            "aos_gap_missed_messages_bound_total",
            .counter,
            help: "Upper bound of the messages missed while blind, from the server's count of PUBLISH calls."
        )
        package static let gapEvents = MetricDescription(
            "aos_gap_events_total",
            .counter,
            help: "Events known to be missed from their producers' sequence numbers; recovered is true or false.",
            labels: ["recovered"]
        )

        static let all = [
            connectionUp, reconnects, redisErrors, lastReceive, probeRoundTrip, probesOverdue, gapWindows, gapSeconds,
            gapUpperBound, gapEvents,
        ]
    }

    /// The reactor itself.
    package enum Runtime {
        package static let buildInfo = MetricDescription(
            "aos_reactor_build_info",
            .gauge,
            help: "1, with the version in the labels.",
            labels: ["version"],
            unit: .flag
        )
        package static let state = MetricDescription(
            "aos_reactor_state",
            .gauge,
            help: "1 for the state that the reactor is in, 0 for the others.",
            labels: ["state"],
            unit: .flag
        )
        package static let ready = MetricDescription(
            "aos_reactor_ready",
            .gauge,
            help: "Whether events that are published now will be handled (1) or not (0).",
            unit: .flag
        )
        package static let started = MetricDescription(
            "aos_reactor_start_time_seconds",
            .gauge,
            help: "When the reactor was started, in seconds since 1970; 0 when it is stopped.",
            unit: .seconds
        )
        package static let loopDelay = MetricDescription(
            "aos_reactor_loop_delay_seconds",
            .gauge,
            help: "Longest delay of the event loop's tick since the last scrape.",
            unit: .seconds
        )
        package static let unhealthyEpisodes = MetricDescription(
            "aos_reactor_unhealthy_episodes_total",
            .counter,
            help: "Times that the reactor found itself unhealthy, by cause.",
            labels: ["cause"]
        )
        package static let peers = MetricDescription(
            "aos_reactor_peers",
            .gauge,
            help: "Other reactors whose heartbeats are seen on the channel."
        )
        package static let peersLost = MetricDescription(
            "aos_reactor_peers_lost_total",
            .counter,
            help: "Times that another reactor's heartbeat stayed away."
        )
        package static let configHash = MetricDescription(
            "aos_config_hash_info",
            .gauge,
            help: "1, with the version of the configuration in force in the label.",
            labels: ["hash"],
            unit: .flag
        )
        package static let reloadSuccessful = MetricDescription(
            "aos_config_last_reload_successful",
            .gauge,
            help: "Whether the last reload of the configuration succeeded (1) or was refused (0).",
            unit: .flag
        )
        package static let reloadTimestamp = MetricDescription(
            "aos_config_last_reload_timestamp_seconds",
            .gauge,
            help: "When the configuration in force was loaded, in seconds since 1970.",
            unit: .seconds
        )
        package static let reloads = MetricDescription(
            "aos_config_reloads_total",
            .counter,
            help: "Reloads of the configuration by result: applied or refused.",
            labels: ["result"]
        )

        static let all = [
            buildInfo, state, ready, started, loopDelay, unhealthyEpisodes, peers, peersLost, configHash,
            reloadSuccessful, reloadTimestamp, reloads,
        ]
    }

    /// What telemetry says of itself.
    package enum SelfReport {
        package static let logLinesDropped = MetricDescription(
            "aos_log_lines_dropped_total",
            .counter,
            help: "Log lines dropped because standard error was not read fast enough."
        )
        package static let logLinesSuppressed = MetricDescription(
            "aos_log_lines_suppressed_total",
            .counter,
            help: "Log lines left out because they repeated within ten seconds; their number is logged."
        )
        package static let logWriteErrors = MetricDescription(
            "aos_log_write_errors_total",
            .counter,
            help: "Writes to standard error that failed."
        )
        package static let seriesFolded = MetricDescription(
            "aos_telemetry_series_folded_total",
            .counter,
            help: "Label sets counted under `other` because the family had reached its limit.",
            labels: ["metric"]
        )
        package static let metricsRefused = MetricDescription(
            "aos_telemetry_metrics_refused_total",
            .counter,
            help: "Metrics that are not exposed because their name, labels or type clash, by reason.",
            labels: ["reason"]
        )
        package static let httpRequests = MetricDescription(
            "aos_http_requests_total",
            .counter,
            help: "Requests to the admin interface.",
            labels: ["route", "status"]
        )

        static let all = [
            logLinesDropped, logLinesSuppressed, logWriteErrors, seriesFolded, metricsRefused, httpRequests,
        ]
    }

    /// The metrics that every Prometheus client exposes for its process.
    package enum Process {
        package static let cpuSeconds = MetricDescription(
            "process_cpu_seconds_total",
            .counter,
            help: "CPU time spent by the process, user and system.",
            unit: .seconds
        )
        package static let residentMemory = MetricDescription(
            "process_resident_memory_bytes",
            .gauge,
            help: "Memory of the process that is in RAM.",
            unit: .bytes
        )
        package static let virtualMemory = MetricDescription(
            "process_virtual_memory_bytes",
            .gauge,
            help: "Address space of the process.",
            unit: .bytes
        )
        package static let openFiles = MetricDescription(
            "process_open_fds",
            .gauge,
            help: "Open file descriptors."
        )
        package static let maximumFiles = MetricDescription(
            "process_max_fds",
            .gauge,
            help: "Most file descriptors that the process may open."
        )
        package static let startTime = MetricDescription(
            "process_start_time_seconds",
            .gauge,
            help: "When the process started, in seconds since 1970.",
            unit: .seconds
        )

        static let all = [cpuSeconds, residentMemory, virtualMemory, openFiles, maximumFiles, startTime]
    }
}
