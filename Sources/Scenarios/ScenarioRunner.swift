import Events
import Reactions
package import ReactorConfig

/// Runs scenarios, one after the other; pure: the same scenario ends the same way each time.
package struct ScenarioRunner {
    /// What was called and what was true, if somebody wants to know.
    package let coverage: CoverageRecorder?

    package init(coverage: CoverageRecorder? = nil) {
        self.coverage = coverage
    }

    package func run(_ scenario: Scenario) async -> ScenarioResult {
        let coverage = self.coverage
        coverage?.begin(scenario)
        let engine = ScenarioEngine(scenario, coverage: coverage)
        var views = Views()
        var failures: [ScenarioFailure] = []
        var length = Duration.zero
        for step in scenario.steps {
            do {
                try await engine.turn(to: step.at)
                for action in step.actions { try await engine.perform(action) }
                length = max(length, engine.elapsed)
                for expectation in step.expectations {
                    let got = try await views.look(expectation.subject, engine)
                    failures += ExpectationMatcher(expectation, at: engine.elapsed).failures(got)
                }
            } catch {
                failures.append(
                    ScenarioFailure(
                        location: step.location,
                        at: step.at,
                        summary: "the step could not be carried out: \(error)",
                        lines: []
                    )
                )
                break
            }
        }
        coverage?.end(calls: engine.calls())
        return ScenarioResult(
            name: scenario.name,
            location: scenario.location,
            failures: failures,
            length: length,
            wakes: engine.wakes,
            frames: engine.frames
        )
    }

    /// How much of what happened was looked at. Each look at a subject sees what is new since the one before it.
    private struct Views {
        private var seen: [ScenarioSubject: Int] = [:]
        private var deliveries: [String: DeliveryRecord] = [:]

        mutating func look(_ subject: ScenarioSubject, _ engine: ScenarioEngine) async throws -> [Observation] {
            if subject == .deliveries {
                let records = try await engine.deliveryRecords()
                let changed = records.filter { self.deliveries[$0.id] != $0 }
                for record in changed { self.deliveries[record.id] = record }
                return changed.map { Observation($0, since: engine.start) }
            }
            let all = try await engine.observations(of: subject)
            guard !subject.isState else { return all }
            defer { self.seen[subject] = all.count }
            return Array(all.dropFirst(self.seen[subject] ?? 0))
        }
    }
}
