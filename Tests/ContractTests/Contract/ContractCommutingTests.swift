import Events
import Reactions
import SeededRandom
import SyntheticEvents
import Testing

/// What `RunInput` says commutes: replicas hear the same in different orders, and must find the same.
@Suite struct ContractCommutingTests {
    @Test func `the same told in any order leads to the same findings and the same status`() {
        var generator = SplitMix64(seed: 3)
        var found = 0
        for round in 0..<1000 {
            let definition = RandomLifecycle.definition(&generator)
            var lifecycle = RandomLifecycle(&generator)
            for second in lifecycle.inputs.keys {
                // Pauses and resumptions keep their order among each other.
                lifecycle.inputs[second]?.removeAll { $0 == .paused || $0 == .resumed }
            }
            // All of it within one second, which no deadline falls into.
            let inputs = lifecycle.inputs.sorted { $0.key < $1.key }.flatMap(\.value)
            guard let first = self.play(inputs, definition) else { continue }
            for _ in 0..<3 {
                let other = self.play(inputs.shuffled(using: &generator), definition)
                #expect(other == first, "round \(round): \(inputs)")
                guard other == first else { return }
            }
            found += first.findings.count
        }
        #expect(found > 300)
    }

    @Test func `told twice is told once`() {
        var generator = SplitMix64(seed: 4)
        for round in 0..<1000 {
            let definition = RandomLifecycle.definition(&generator)
            let inputs = RandomLifecycle(&generator).inputs.sorted { $0.key < $1.key }.flatMap(\.value)
            let once = self.play(inputs.filter { $0 != .progressed }, definition)
            let twice = self.play(inputs.filter { $0 != .progressed }.flatMap { [$0, $0] }, definition)
            #expect(once == twice, "round \(round): \(inputs)")
        }
    }

    private struct Outcome: Equatable {
        var findings: [String]
        /// Alerts that stand at the end.
        var alerts: [String: Int]
        var status: ContractStatus
    }

    /// Nil when nothing made the run known.
    private func play(_ inputs: [RunInput], _ definition: ContractDefinition) -> Outcome? {
        var scenario = ContractScenario(definition)
        for input in inputs { scenario.tell(input) }
        guard scenario.registry.count > 0 else { return nil }
        scenario.advance(to: 100)
        var alerts: [String: Int] = [:]
        for action in scenario.actions {
            switch action {
            case .raise(let alert): alerts[alert.key] = 1
            case .resolve(let resolution): alerts[resolution.key] = nil
            case .report, .readTruth, .refused: break
            }
        }
        let findings = scenario.findings.map { "\($0.kind) \($0.action) \($0.count) \($0.at.microseconds)" }
        return Outcome(findings: findings.sorted(), alerts: alerts, status: scenario.status)
    }
}
