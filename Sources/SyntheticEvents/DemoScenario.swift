package import Events

/// What a newcomer is shown: within ten seconds runs start and complete, one record is missing, one is too many, one
/// run stops half-way, and a finding that is published twice is held back the second time.
package enum DemoScenario {
    /// - Parameter epoch: the wall-clock time at which the scenario begins.
    package static func events(epoch: Timestamp) -> [SyntheticEvent] {
        // A tenant each, so that the cooldown of one run's alert does not hold back the next one's; with the hour in their
        // names, so that neither do those of a demonstration that was played before, which the reactor remembers.
        let play = "-" + String(epoch.iso8601.dropFirst(11).prefix(8).filter { $0 != ":" })
        let lives: [(id: String, tenant: String, start: Duration, fate: RunFate)] = [
            ("run-demo-1", "acme" + play, .milliseconds(300), .completing),
            ("run-demo-2", "globex" + play, .milliseconds(900), .completing),
            ("run-demo-3", "initech" + play, .milliseconds(1500), .failing),
            ("run-demo-4", "umbrella" + play, .milliseconds(2100), .stalling),
        ]
        var random = SplitMix64(seed: 7)
        var events = lives.flatMap { life in
            var script = RunScript(runID: life.id, tenantID: life.tenant, start: life.start, epoch: epoch)
            script.play(life.fate, publishesFindings: false, using: &random)
            return script.events
        }
        events += Self.findings(epoch: epoch, play: play)
        // Equal times keep their order: a run's own events must not change places.
        return events.enumerated().sorted { ($0.element.offset, $0.offset) < ($1.element.offset, $1.offset) }
            .map(\.element)
    }

    private static func findings(epoch: Timestamp, play: String) -> [SyntheticEvent] {
        let stale = RunFinding.stale(
            "run-demo-4",
            expectedBy: epoch + .milliseconds(7900),
            lastActivity: epoch + .seconds(4)
        )
        return [
            Self.finding(at: .milliseconds(6000), "missing", of: "acme" + play, RunFinding.missing("run-demo-1")),
            Self.finding(at: .milliseconds(7000), "drift", of: "globex" + play, RunFinding.drift("run-demo-2")),
            Self.finding(at: .milliseconds(8000), "stale", of: "umbrella" + play, stale),
            Self.finding(at: .milliseconds(9000), "missing", of: "acme" + play, RunFinding.missing("run-demo-1")),
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
