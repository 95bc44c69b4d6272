import Events
import FoundationEssentials
import Reactions
import SeededRandom
import SyntheticEvents
import Testing

/// Random runs, many at a time in one registry, against the slow model: the same findings at the same times, and the
/// same statuses on the way. `CONTRACT_LIFECYCLES` says how many (20,000 unless it does).
@Suite struct ContractModelTests {
    private static let batches = 20
    private static let runsAtOnce = 50

    private static var lifecycles: Int {
        ProcessInfo.processInfo.environment["CONTRACT_LIFECYCLES"].flatMap(Int.init) ?? 20_000
    }

    @Test(arguments: 0..<Self.batches)
    func `findings and statuses are those of the design`(batch: Int) {
        var generator = SplitMix64(seed: UInt64(batch) &* 7919 &+ 1)
        let rounds = max(1, Self.lifecycles / Self.batches / Self.runsAtOnce)
        var limits = ContractLimits()
        limits.keepComplete = .seconds(200)
        limits.keepIncomplete = .seconds(200)
        limits.keepUnknown = .seconds(200)
        var registry = ContractRegistry(limits: limits)
        var start: Int64 = 1_795_221_600
        var findings = 0
        for round in 0..<rounds {
            let definition = RandomLifecycle.definition(&generator)
            registry.update(definition)
            // When nobody has to be asked, it must not matter when somebody looks.
            let looksSeldom = definition.truthPatience == .zero && round % 2 == 0
            var comparison = Comparison(
                definition,
                runs: (0..<Self.runsAtOnce).map { _ in RandomLifecycle(&generator) },
                start: start,
                looksSeldom: looksSeldom
            )
            if let difference = comparison.run(&registry, &generator) {
                Issue.record("batch \(batch), round \(round): \(difference)")
                return
            }
            findings += comparison.findings
            // Long enough for all of them to be forgotten.
            start += 1000
            _ = registry.handle(.deadlineReached, at: Timestamp(microseconds: start * 1_000_000))
            #expect(registry.count == 0)
        }
        #expect(findings > rounds * Self.runsAtOnce / 2, "the lifecycles are too tame")
    }
}

/// Some runs of one registry beside a model of each.
private struct Comparison {
    let lifecycles: [RandomLifecycle]
    let start: Int64
    let looksSeldom: Bool
    private(set) var findings = 0
    private var models: [ContractModel]
    private var found: [[ContractModel.Finding]]
    private var answers: [Int: [(run: Int, truth: RunTruth)]] = [:]

    init(_ definition: ContractDefinition, runs: [RandomLifecycle], start: Int64, looksSeldom: Bool) {
        self.lifecycles = runs
        self.start = start
        self.looksSeldom = looksSeldom
        self.models = runs.map { _ in RandomLifecycle.model(definition) }
        self.found = runs.map { _ in [] }
    }

    /// What differs, if anything does.
    mutating func run(_ registry: inout ContractRegistry, _ generator: inout SplitMix64) -> String? {
        for second in 0..<RandomLifecycle.longest {
            let now = Timestamp(microseconds: (self.start + Int64(second)) * 1_000_000)
            let looks = !self.looksSeldom || Int.random(in: 0..<8, using: &generator) == 0
            // Not at every second: that is what takes the time.
            let compares = looks && Int.random(in: 0..<4, using: &generator) == 0
            if second > 0 {
                for run in self.models.indices { self.models[run].pass(to: second) }
                if looks { self.note(registry.handle(.deadlineReached, at: now), second) }
            }
            for answer in self.answers.removeValue(forKey: second) ?? [] {
                self.tell(answer.run, answer.truth, &registry, second, now)
            }
            for run in self.lifecycles.indices {
                for input in self.lifecycles[run].inputs[second] ?? [] {
                    self.tell(run, input, &registry, second, now)
                }
                guard compares else { continue }
                let (got, expected) = (registry.status(of: "run \(run)"), self.models[run].status)
                if got != expected { return self.report(run, "at \(second): \(got), expected \(expected)") }
            }
        }
        let end = Timestamp(microseconds: (self.start + Int64(RandomLifecycle.longest) - 1) * 1_000_000)
        self.note(registry.handle(.deadlineReached, at: end), RandomLifecycle.longest)
        for run in self.models.indices {
            let (got, expected) = (self.found[run].sorted(), self.models[run].findings.sorted())
            if got != expected { return self.report(run, "\(got), expected \(expected)") }
            self.findings += got.count
        }
        return nil
    }

    private func report(_ run: Int, _ difference: String) -> String {
        let inputs = self.lifecycles[run].inputs.sorted { $0.key < $1.key }
            .map { "\($0.key): \($0.value)" }.joined(separator: "\n")
        return "run \(run): \(difference)\n\(inputs)"
    }

    private mutating func tell(
        _ run: Int,
        _ truth: RunTruth,
        _ registry: inout ContractRegistry,
        _ second: Int,
        _ now: Timestamp
    ) {
        guard self.models[run].isAsked else { return }
        self.tell(run, .truth(truth), &registry, second, now)
    }

    private mutating func tell(
        _ run: Int,
        _ input: RunInput,
        _ registry: inout ContractRegistry,
        _ second: Int,
        _ now: Timestamp
    ) {
        // Nothing is known of a run by its pause or its progress alone.
        switch input {
        case .paused, .resumed, .progressed:
            guard registry.run("run \(run)") != nil else { return }
        default: break
        }
        self.models[run].take(input, at: second)
        self.note(registry.handle(.run(id: "run \(run)", tenant: "t", input), at: now), second)
    }

    private mutating func note(_ actions: [ContractAction], _ second: Int) {
        for action in actions {
            switch action {
            case .report(let report):
                for finding in report.findings {
                    guard let run = Int(finding.runID.dropFirst(4)) else { continue }
                    let entry = ContractModel.Finding(
                        kind: finding.kind.rawValue,
                        action: finding.action.description,
                        second: Int(finding.at.microseconds / 1_000_000 - self.start)
                    )
                    self.found[run] += Array(repeating: entry, count: finding.count)
                }
            case .readTruth(let id):
                guard let run = Int(id.dropFirst(4)), let truth = self.lifecycles[run].truth else { continue }
                self.answers[second + self.lifecycles[run].truthDelay, default: []].append((run, truth))
            case .raise, .resolve, .refused: break
            }
        }
    }
}
