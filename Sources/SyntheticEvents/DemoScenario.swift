package import Events

/// What a newcomer is shown: within ten seconds runs start and complete, one record is missing, one is too many, one
/// run stops half-way, and a finding that is published twice is held back the second time.
package enum DemoScenario {
    /// - Parameter epoch: the wall-clock time at which the scenario begins.
    package static func events(epoch: Timestamp) -> [SyntheticEvent] {
        // A tenant each, so that the cooldown of one run's alert does not hold back the next one's.
        let lives: [(id: String, tenant: String, start: Duration, fate: RunFate)] = [
            ("run-demo-1", "acme", .milliseconds(300), .completing),
            ("run-demo-2", "globex", .milliseconds(900), .completing),
            ("run-demo-3", "initech", .milliseconds(1500), .failing),
            ("run-demo-4", "umbrella", .milliseconds(2100), .stalling),
        ]
        var random = SplitMix64(seed: 7)
        var events = lives.flatMap { life in
            var script = RunScript(runID: life.id, tenantID: life.tenant, start: life.start, epoch: epoch)
            script.play(life.fate, publishesFindings: false, using: &random)
            return script.events
        }
        events += Self.findings(epoch: epoch)
        // Equal times keep their order: a run's own events must not change places.
        return events.enumerated().sorted { ($0.element.offset, $0.offset) < ($1.element.offset, $1.offset) }
            .map(\.element)
    }

    private static func findings(epoch: Timestamp) -> [SyntheticEvent] {
        let stale = RunFinding.stale(
            "run-demo-4",
            expectedBy: epoch + .milliseconds(7900),
            lastActivity: epoch + .seconds(4)
        )
        return [
            Self.finding(at: .milliseconds(6000), "missing", of: "acme", RunFinding.missing("run-demo-1")),
            Self.finding(at: .milliseconds(7000), "drift", of: "globex", RunFinding.drift("run-demo-2")),
            Self.finding(at: .milliseconds(8000), "stale", of: "umbrella", stale),
            Self.finding(at: .milliseconds(9000), "missing", of: "acme", RunFinding.missing("run-demo-1")),
        ]
    }

    private static func finding(
        at offset: Duration,
        _ kind: String,
        of tenant: String,
        _ payload: JSONValue
    ) -> SyntheticEvent {
        var payload = payload
        if case .object(let members) = payload {
            payload = .object(members + [JSONMember("tenant_id", .string(tenant))])
        }
        return SyntheticEvent(at: offset, "audit.reconciliation.\(kind)", source: "reconciler", payload: payload)
    }
}
