import Events
import Reactions
import SeededRandom
import SyntheticEvents
import Testing

@Suite struct ContractRegistryTests {
    @Test func `ids of runs are any text of at most 128 bytes, told apart byte by byte`() {
        var scenario = ContractScenario()
        // The same letter, written in two ways.
        for run in [
            "run_0123456789abcdef", "caf\u{E9}", "cafe\u{301}", "\0", "{}:*", String(repeating: "x", count: 128),
        ] {
            scenario.tell(.started, run: run)
        }
        #expect(scenario.registry.count == 6)
        scenario.tell(.started, run: "")
        scenario.tell(.started, run: String(repeating: "x", count: 129))
        scenario.tell(.started, run: String(repeating: "\u{E9}", count: 65))
        #expect(scenario.registry.count == 6)
        #expect(scenario.refusals == [.badRunID, .badRunID, .badRunID])
        #expect(scenario.registry.counters.refused == [.badRunID: 3])
    }

    @Test func `a run is forgotten a while after it is over`() {
        var scenario = ContractScenario()
        scenario.tell(.started, at: 0)
        scenario.acknowledgeAll(at: 1)
        scenario.acknowledge(.finalizeRun, at: 2)
        scenario.tell(.started, run: "stale", at: 2)
        scenario.tell(.acknowledged(Acknowledgement(id: "1", action: .startTrace)), run: "unknown", at: 2)
        scenario.advance(to: 601)
        #expect(scenario.registry.count == 3)
        scenario.advance(to: 603)
        #expect(scenario.registry.count == 1)
        #expect(scenario.registry.status(of: "stale") == .stale)
        scenario.advance(to: 90_000)
        #expect(scenario.registry.count == 0)
        #expect(scenario.registry.nextDeadline == nil)
    }

    @Test func `a run is shown with what is expected of it and how it stands`() throws {
        var scenario = ContractScenario()
        scenario.tell(.started, at: 0)
        scenario.acknowledge(.createIncident, at: 1)
        scenario.acknowledge(.createIncident, id: "2")
        scenario.acknowledge(.startTrace, status: .failed, error: "e")
        scenario.advance(to: 20)
        let summary = try #require(scenario.registry.summary(of: "r1"))
        #expect(summary.status == .incomplete)
        #expect(summary.firstSeen == scenario.time(0))
        #expect(summary.lastActivity == scenario.time(1))
        #expect(summary.expectations.map(\.action) == [.createIncident, .evaluatePolicy, .startTrace, .finalizeRun])
        #expect(summary.expectations.map(\.state) == [.answered, .overdue, .answered, .open])
        #expect(summary.expectations.map(\.due) == [5, 5, 5, 35].map { scenario.time($0) })
        #expect(summary.actions.map(\.succeeded) == [2, 0, 0, 0])
        #expect(summary.actions.map(\.tooMany) == [1, 0, 0, 0])
        #expect(summary.actions.map(\.failed) == [0, 0, 1, 0])
        scenario.tell(.paused)
        let paused = try #require(scenario.registry.summary(of: "r1"))
        #expect(paused.isPaused)
        #expect(paused.expectations.last?.due == nil)
        #expect(scenario.registry.summary(of: "r2") == nil)
    }

    @Test func `when there is no room, runs that are over go first, and new ones are refused when none is`() {
        var limits = ContractLimits()
        limits.maxRuns = 10
        var scenario = ContractScenario(limits: limits)
        for number in 0..<10 { scenario.tell(.started, run: "run \(number)") }
        scenario.tell(.started, run: "one too many")
        #expect(scenario.refusals == [.tooManyRuns])
        for action in [AuditedAction.createIncident, .evaluatePolicy, .startTrace, .finalizeRun] {
            scenario.tell(.acknowledged(Acknowledgement(id: "1", action: action)), run: "run 3", at: 1)
        }
        scenario.tell(.started, run: "run 10")
        #expect(scenario.registry.status(of: "run 10") == .pending)
        #expect(scenario.registry.status(of: "run 3") == .unknown)
        #expect(scenario.registry.counters.forgottenEarly == 1)
        #expect(scenario.registry.count == 10)
        // The refused ones apart, nothing was lost: those that are open are found stale.
        scenario.advance(to: 40)
        #expect(scenario.kinds.count { $0 == .stale } == 10)
    }

    @Test func `one run takes only so much, and its end is taken all the same`() {
        var scenario = ContractScenario()
        scenario.tell(.started, at: 0)
        for number in 0..<2000 { scenario.acknowledge(.createIncident, id: "\(number)") }
        for number in 0..<200 { scenario.acknowledge(AuditedAction("d", "\(number)"), id: "\(number)") }
        let mail = AuditedAction("mail", "send")
        for number in 0..<200 {
            scenario.tell(.declared(ExpectationDeclaration(id: "\(number)", action: mail, deadline: .seconds(9))))
        }
        scenario.tell(
            .declared(
                ExpectationDeclaration(
                    id: "long",
                    action: AuditedAction("d", String(repeating: "a", count: 129)),
                    deadline: nil
                )
            )
        )
        scenario.acknowledge(.finalizeRun, at: 2)
        let refused = scenario.registry.counters.refused
        #expect(refused[.tooManyAcknowledgements] == 2000 + 200 - 1024)
        #expect((refused[.tooManyExpectations] ?? 0) >= 200 - RunContract.maxExpectations)
        #expect(refused[.badName] == 1)
        scenario.advance(to: 100)
        #expect(!scenario.kinds.contains(.stale))
        #expect(scenario.findings.filter { $0.kind == .drift }.map(\.count).reduce(0, +) == 1023)
    }

    @Test func `a run that was stored goes on as if nothing had happened`() throws {
        var generator = SplitMix64(seed: 11)
        for round in 0..<200 {
            let definition = RandomLifecycle.definition(&generator)
            let lifecycle = RandomLifecycle(&generator)
            let cut = Int.random(in: 1..<40, using: &generator)
            let (whole, _) = self.play(lifecycle, definition, restartAt: nil)
            let (resumed, restarts) = self.play(lifecycle, definition, restartAt: cut)
            #expect(resumed == whole, "round \(round), restart at \(cut)")
            #expect(restarts == 1)
        }
    }

    /// Plays one run; at `restartAt` all that is known is written as JSON text and read into a new registry.
    private func play(
        _ lifecycle: RandomLifecycle,
        _ definition: ContractDefinition,
        restartAt: Int?
    ) -> (actions: [ContractAction], restarts: Int) {
        var registry = ContractRegistry(definition)
        var actions: [ContractAction] = []
        var restarts = 0
        for second in 0..<RandomLifecycle.longest {
            let now = Timestamp(microseconds: ContractScenario.epoch + Int64(second) * 1_000_000)
            if second == restartAt {
                restarts += 1
                var next = ContractRegistry(definition)
                if let stored = registry.stored("r") {
                    let isRead = next.restore("r", from: stored.bytes, at: now)
                    #expect(isRead)
                    let again = next.stored("r")?.bytes
                    #expect(again == stored.bytes)
                }
                registry = next
            }
            actions += registry.handle(.deadlineReached, at: now)
            for input in lifecycle.inputs[second] ?? [] {
                actions += registry.handle(.run(id: "r", tenant: "t", input), at: now)
            }
        }
        return (actions, restarts)
    }

    @Test func `a run that has changed is named once, also when it was forgotten and begins anew`() {
        var limits = ContractLimits()
        limits.maxRuns = 1
        var scenario = ContractScenario(limits: limits)
        scenario.registry.trackChanges()
        func acknowledge(_ id: String, _ run: String, at second: Double) {
            scenario.tell(.acknowledged(Acknowledgement(id: id, action: .startTrace)), run: run, at: second)
        }
        acknowledge("1", "a", at: 0)
        // Each of them takes the other one's place.
        acknowledge("1", "b", at: 1)
        acknowledge("1", "a", at: 2)
        acknowledge("2", "a", at: 3)
        var changes = scenario.registry.takeChanges()
        #expect(changes == ["a", "b"])
        let (first, second) = (scenario.registry.stored("a"), scenario.registry.stored("b"))
        #expect(first != nil && second == nil)
        changes = scenario.registry.takeChanges()
        #expect(changes == [])
        acknowledge("3", "a", at: 4)
        acknowledge("3", "a", at: 5)
        changes = scenario.registry.takeChanges()
        #expect(changes == ["a"])
        acknowledge("4", "a", at: 6)
        scenario.registry.drop("a")
        changes = scenario.registry.takeChanges()
        #expect(changes == [])
    }

    @Test func `what was not written by a registry is not read, and nothing beyond its end`() throws {
        let now = Timestamp(seconds: 1_795_000_000)
        var source = ContractRegistry(ContractScenario.definition())
        let ack = Acknowledgement(id: "a", action: AuditedAction("own", "thing"))
        _ = source.handle(.run(id: "r", tenant: "t", .started), at: now)
        _ = source.handle(.run(id: "r", tenant: "t", .acknowledged(ack)), at: now)
        let stored = source.stored("r")
        let bytes = try #require(stored).bytes
        var registry = ContractRegistry(ContractScenario.definition())
        for end in 0..<bytes.count {
            let isRead = registry.restore("r", from: Array(bytes[..<end]), at: now)
            #expect(!isRead)
        }
        let isLongRead = registry.restore("r", from: bytes + [0], at: now)
        #expect(!isLongRead)
        // Whatever stands there, reading it ends, and what is read can be looked at.
        var generator = SplitMix64(seed: 7)
        for _ in 0..<20_000 {
            var damaged = bytes
            damaged[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            guard registry.restore("r", from: damaged, at: now) else { continue }
            _ = registry.summary(of: "r")
            _ = registry.stored("r")
        }
        let isRead = registry.restore("r", from: bytes, at: now)
        #expect(isRead)
        #expect(registry.status(of: "r") == source.status(of: "r"))
    }

    @Test func `each of forty thousand deadlines in one minute is noticed at its time`() {
        var registry = ContractRegistry(ContractScenario.definition())
        let runs = 10_000
        var found: [ContractFinding.Kind: Int] = [:]
        var off = 0
        func look(_ registry: inout ContractRegistry, upTo limit: Int64) {
            while let due = registry.nextDeadline, due.microseconds <= limit {
                for action in registry.handle(.deadlineReached, at: due) {
                    guard case .report(let report) = action else { continue }
                    for finding in report.findings {
                        found[finding.kind, default: 0] += 1
                        if finding.at != due { off += 1 }
                    }
                }
            }
        }
        for number in 0..<runs {
            // Spread over a minute, 3 ms apart.
            let now = ContractScenario.epoch + Int64(number) * 3_000
            look(&registry, upTo: now)
            _ = registry.handle(
                .run(id: "run \(number)", tenant: "", .started),
                at: Timestamp(microseconds: now)
            )
        }
        look(&registry, upTo: ContractScenario.epoch + 200_000_000)
        #expect(found == [.missing: 3 * runs, .stale: runs])
        #expect(off == 0)
    }
}
