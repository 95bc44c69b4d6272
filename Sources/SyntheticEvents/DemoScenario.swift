package import Events
import SeededRandom

/// What a newcomer is shown: within ten seconds runs start and complete, and the reactor finds by itself that one record
/// is missing, that one is too many, and that one run has stopped half-way; a finding that somebody else tells once more
/// is held back.
package enum DemoScenario {
    /// - Parameter epoch: the wall-clock time at which the scenario begins.
    package static func events(epoch: Timestamp) -> [SyntheticEvent] {
        // A tenant each, so that the cooldown of one run's alert does not hold back the next one's. Tenants and runs have
        // the hour in their names: the reactor remembers those of a demonstration that was played before, their
        // cooldowns as well as what was found of them.
        let play = "-" + String(epoch.iso8601.dropFirst(11).prefix(8).filter { $0 != ":" })
        let lives: [(id: String, tenant: String, start: Duration, fate: RunFate)] = [
            ("run-demo-1", "acme", .milliseconds(300), .completing),
            ("run-demo-2", "globex", .milliseconds(900), .completing),
            ("run-demo-3", "initech", .milliseconds(1500), .failing),
            ("run-demo-4", "umbrella", .milliseconds(2100), .stalling),
        ]
        var random = SplitMix64(seed: 7)
        var events = lives.flatMap { life in
            let (id, tenant) = (life.id + play, life.tenant + play)
            var script = RunScript(runID: id, tenantID: tenant, start: life.start, epoch: epoch)
            script.play(life.fate, publishesFindings: false, using: &random)
            return script.events
        }
        events += Self.contracts(play: play)
        // Equal times keep their order: a run's own events must not change places.
        return events.enumerated().sorted { ($0.element.offset, $0.offset) < ($1.element.offset, $1.offset) }
            .map(\.element)
    }

    /// What is expected of the runs, and what was not: with less time than runs usually have, so that nobody has to wait.
    private static func contracts(play: String) -> [SyntheticEvent] {
        let incident: JSONValue = ["domain": "incidents", "action": "create_incident", "deadline_ms": 6000]
        let end: JSONValue = ["domain": "orchestrator", "action": "finalize_run", "deadline_ms": 3000]
        let charge: JSONValue = ["domain": "billing", "action": "charge_card", "result_id": "charge-1"]
        // Of two, as the reactor finds by itself: that the run ends is expected of every run.
        let told = RunFinding.missing(.string("run-demo-1" + play), of: 2)
        func event(
            _ offset: Int,
            _ type: String,
            _ run: String,
            _ tenant: String,
            _ payload: JSONValue
        ) -> SyntheticEvent {
            var members = [JSONMember("run_id", .string(run + play)), JSONMember("tenant_id", .string(tenant + play))]
            if case .object(let more) = payload { members += more.filter { $0.name != "run_id" } }
            return SyntheticEvent(at: .milliseconds(offset), type, source: "demo", payload: .object(members))
        }
        return [
            event(350, "audit.expectation.declared", "run-demo-1", "acme", incident),
            event(1500, "audit.ack", "run-demo-2", "globex", charge),
            event(2150, "audit.expectation.declared", "run-demo-4", "umbrella", end),
            event(9000, "audit.reconciliation.missing", "run-demo-1", "acme", told),
        ]
    }
}
