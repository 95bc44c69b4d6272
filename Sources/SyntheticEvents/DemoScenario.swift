package import Events

/// What a newcomer is shown: within ten seconds runs start and complete, one record is missing, one is too many, one
/// run stops half-way, and a finding that is published twice is held back the second time.
package enum DemoScenario {
    /// - Parameter epoch: the wall-clock time at which the scenario begins.
    package static func events(epoch: Timestamp) -> [SyntheticEvent] {
        let lives: [(id: String, start: Duration, fate: RunFate)] = [
            ("run-demo-1", .milliseconds(300), .completing),
            ("run-demo-2", .milliseconds(900), .completing),
            ("run-demo-3", .milliseconds(1500), .failing),
            ("run-demo-4", .milliseconds(2100), .stalling),
        ]
        var random = SplitMix64(seed: 7)
        var events = lives.flatMap { life in
            var script = RunScript(runID: life.id, tenantID: "tenant-demo", start: life.start, epoch: epoch)
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
            Self.finding(at: .milliseconds(6000), "missing", RunFinding.missing("run-demo-1")),
            Self.finding(at: .milliseconds(7000), "drift", RunFinding.drift("run-demo-2")),
            Self.finding(at: .milliseconds(8000), "stale", stale),
            Self.finding(at: .milliseconds(9000), "missing", RunFinding.missing("run-demo-1")),
        ]
    }

    private static func finding(at offset: Duration, _ kind: String, _ payload: JSONValue) -> SyntheticEvent {
        SyntheticEvent(at: offset, "audit.reconciliation.\(kind)", source: "reconciler", payload: payload)
    }
}
