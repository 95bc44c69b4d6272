package import Events

/// The alerts that a reactor raises about itself and its peers.
package enum SystemAlerts {
    /// Their cooldown group. It has no cooldown unless the settings name one: each of them is told once for its episode
    /// already, and a loss of one peer must not hide the loss of another.
    package static let domain = "reactor"
    /// They count against an hour of their own, so that no tenant's flood hides them.
    package static let tenant = "aos-reactor"
    /// The handler that their receipts name.
    package static let handler = "reactor"

    package static func unhealthy(
        cause: HeartbeatJudge.Cause,
        misses: Int,
        since: Timestamp,
        instance: String,
        id: String,
        now: Timestamp
    ) -> Alert {
        let what =
            switch cause {
            case .loopStalled: "its event loop makes no progress"
            case .connectionDown: "its connection to Redis is down"
            case .outputBufferGrowing: "Redis holds more and more output for it"
            case .roundTripMissing: "its heartbeats do not come back"
            }
        return self.alert(
            type: "reactor.unhealthy",
            severity: .critical,
            // Each episode is told; its beginning tells episodes apart.
            key: Self.unhealthyKey(instance, since),
            summary: "Reactor \(instance) is unhealthy since \(since.inWords): \(what)",
            details: [
                "instance": .string(instance), "cause": .string(cause.rawValue), "missed_heartbeats": .number(misses),
                "since": .string(since.iso8601),
            ],
            id: id,
            now: now,
            lasts: true
        )
    }

    private static func unhealthyKey(_ instance: String, _ since: Timestamp) -> String {
        "reactor.unhealthy:\(instance):\(since.microseconds)"
    }

    private static func peerLostKey(_ lost: String) -> String { "reactor.peer_lost:\(lost)" }

    /// The end of `unhealthy`.
    package static func healthy(since: Timestamp, instance: String, id: String, now: Timestamp) -> Resolution {
        Self.end(key: Self.unhealthyKey(instance, since), "Reactor \(instance) is well again", id: id, now: now)
    }

    /// The end of `peerLost`.
    package static func peerReturned(_ lost: String, id: String, now: Timestamp) -> Resolution {
        Self.end(key: Self.peerLostKey(lost), "Reactor \(lost) is back", id: id, now: now)
    }

    private static func end(key: String, _ summary: String, id: String, now: Timestamp) -> Resolution {
        Resolution(
            id: id,
            key: key,
            tenant: Self.tenant,
            domain: Self.domain,
            runID: Alert.unknownRun,
            summary: summary,
            handler: Self.handler,
            event: nil,
            raisedAt: now
        )
    }

    package static func recovered(
        cause: HeartbeatJudge.Cause,
        after: Duration,
        instance: String,
        id: String,
        now: Timestamp
    ) -> Alert {
        self.alert(
            type: "reactor.recovered",
            severity: .low,
            key: "reactor.recovered:\(instance):\(now.microseconds)",
            summary: "Reactor \(instance) is well again after \(Int(after.inSeconds.rounded())) s",
            details: [
                "instance": .string(instance), "cause": .string(cause.rawValue),
                "lasted_seconds": .number(after.inSeconds),
            ],
            id: id,
            now: now
        )
    }

    package static func peerLost(
        _ lost: String,
        silence: Duration,
        instance: String,
        id: String,
        now: Timestamp
    ) -> Alert {
        self.alert(
            type: "reactor.peer_lost",
            severity: .high,
            key: Self.peerLostKey(lost),
            summary: "Nothing was heard of reactor \(lost) for \(Int(silence.inSeconds.rounded())) s",
            details: [
                "lost": .string(lost), "told_by": .string(instance), "silence_seconds": .number(silence.inSeconds),
            ],
            id: id,
            now: now,
            lasts: true
        )
    }

    package static func overloaded(instance: String, id: String, now: Timestamp) -> Alert {
        self.alert(
            type: "reactor.overloaded",
            severity: .high,
            key: "reactor.overloaded:\(instance):\(now.microseconds)",
            summary: "Reactor \(instance) receives more than it can handle and drops events",
            details: ["instance": .string(instance)],
            id: id,
            now: now
        )
    }

    package static func overloadEnded(
        events: UInt64,
        bytes: UInt64,
        lasted: Duration,
        instance: String,
        id: String,
        now: Timestamp
    ) -> Alert {
        self.alert(
            type: "reactor.overload_ended",
            severity: .low,
            key: "reactor.overload_ended:\(instance):\(now.microseconds)",
            summary: "Reactor \(instance) keeps up again; \(events) events were dropped",
            details: [
                "instance": .string(instance), "dropped_events": .number("\(events)"),
                "dropped_bytes": .number("\(bytes)"), "lasted_seconds": .number(lasted.inSeconds),
            ],
            id: id,
            now: now
        )
    }

    private static func alert(
        type: String,
        severity: Severity,
        key: String,
        summary: String,
        details: JSONValue,
        id: String,
        now: Timestamp,
        lasts: Bool = false
    ) -> Alert {
        Alert(
            id: id,
            type: type,
            severity: severity,
            domain: Self.domain,
            tenant: Self.tenant,
            runID: Alert.unknownRun,
            key: key,
            summary: summary,
            details: details,
            handler: Self.handler,
            event: nil,
            raisedAt: now,
            lasts: lasts
        )
    }
}
