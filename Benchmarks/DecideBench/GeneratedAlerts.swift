import Events
import Reactions

/// Alerts as they come in a bad hour: many tenants, few kinds, many repetitions. The same number is always the same alert.
enum GeneratedAlerts {
    static let start = Timestamp(microseconds: 1_767_225_600_000_000)
    private static let kinds: [(type: String, domain: String, severity: Severity)] = [
        ("MISSING_ACK", "audit", .high), ("STALE_RUN", "audit", .high), ("DRIFT", "audit", .medium),
        ("runaway-cost", "policies", .critical), ("failed-runs", "orchestrator", .medium), ("slow-trace", "logs", .low),
    ]

    static func alert(_ number: Int) -> Alert { Self.alert(number, tenants: 4096) }

    /// - Parameter tenants: How many there are, a power of two.
    static func alert(_ number: Int, tenants: Int) -> Alert {
        // A fixed mixing of bits, so that neighbours differ.
        var bits = UInt64(truncatingIfNeeded: number) &* 0x9E37_79B9_7F4A_7C15
        bits ^= bits >> 29
        let kind = Self.kinds[Int(bits % 6)]
        let tenant = Int(truncatingIfNeeded: bits >> 8) & (tenants - 1)
        let run = number / 10
        return Alert(
            id: "a-\(number)",
            type: kind.type,
            severity: kind.severity,
            domain: kind.domain,
            tenant: "tenant-\(tenant)",
            runID: "run-\(run)",
            key: "\(kind.type):\(bits >> 20 & 0x7)",
            summary: "Run run-\(run) needs a look",
            details: ["step": .number(number)],
            handler: kind.type,
            event: EventReference(
                arrival: UInt64(number),
                eventType: "audit.reconciliation.missing",
                timestamp: Self.start,
                arrivedAt: Self.start,
                source: "bench"
            ),
            raisedAt: Self.start
        )
    }

    /// Who is to be told of an alert that goes out, found without the routing tree.
    static func receivers(of alert: Alert) -> Set<String> {
        alert.severity == .high || alert.severity == .critical ? ["ops", "pager"] : ["log"]
    }

    static func settings() throws -> AlertSettings {
        var settings = AlertSettings()
        settings.routing = try RoutingTree(
            RouteDefinition(
                receivers: ["log"],
                groupBy: .eachAlert,
                routes: [
                    RouteDefinition(
                        matchers: [try LabelMatcher("severity", .matches, "HIGH|CRITICAL")],
                        receivers: ["ops", "pager"],
                        groupBy: .eachAlert
                    )
                ]
            )
        )
        return settings
    }
}
