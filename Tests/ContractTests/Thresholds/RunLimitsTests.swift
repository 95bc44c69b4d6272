import Events
import Reactions
import Testing

@Suite struct RunLimitsTests {
    private let run = LimitedRun(id: "r1", tenant: "t1", project: "p1", agent: "a1")
    private let start = Timestamp(microseconds: 1_795_221_600_000_000)

    private func limits(_ scope: ScopedLimits.Scope, tokens: Int) -> ScopedLimits {
        var limits = ScopedLimits(scope)
        limits.tokens = tokens
        return limits
    }

    @Test func `the closest scope decides, in whatever order the limits were made`() {
        let scopes: [(ScopedLimits.Scope, Int)] = [
            (.agent("a1"), 1000), (.project("p1"), 2000), (.tenant("t1"), 3000), (.global, 4000),
        ]
        for dropped in 0..<scopes.count {
            let left = scopes.dropFirst(dropped).map { self.limits($0.0, tokens: $0.1) }
            for order in [left, left.reversed()] {
                #expect(RunLimits(of: self.run, from: Array(order)).tokens == scopes[dropped].1)
            }
        }
        let others = [self.limits(.agent("a2"), tokens: 300), self.limits(.tenant(""), tokens: 400)]
        #expect(RunLimits(of: self.run, from: others) == .standard)
        // Of one scope the later one, and each field by itself.
        var cost = ScopedLimits(.global)
        cost.costUSD = 7
        let mixed = RunLimits(
            of: self.run,
            from: [self.limits(.tenant("t1"), tokens: 500), self.limits(.tenant("t1"), tokens: 600), cost]
        )
        #expect(mixed.tokens == 600)
        #expect(mixed.costUSD == 7)
        #expect(mixed.executionTime == .seconds(60))
    }

    @Test func `limits outside their bounds are refused with what is allowed`() {
        var limits = ScopedLimits(.global)
        #expect(limits.problems.isEmpty)
        limits.tokens = 255
        limits.executionTime = .milliseconds(300_001)
        limits.costUSD = .nan
        #expect(
            limits.problems == [
                "max_execution_time_ms is 300001, allowed is 1000 to 300000",
                "max_tokens is 255, allowed is 256 to 200000", "max_cost_usd is nan, allowed is 0.01 to 100",
            ]
        )
    }

    private func signals(_ actions: [RunLimitWatch.Action]) -> [RunLimitSignal] {
        actions.compactMap {
            guard case .exceeded(let signal, _) = $0 else { return nil }
            return signal
        }
    }

    private func actions(
        of watch: inout RunLimitWatch,
        _ input: RunLimitWatch.Input,
        at now: Timestamp
    ) -> [RunLimitWatch.Action] {
        watch.handle(input, at: now)
    }

    @Test func `exactly the limit is within it, more is told once while the run goes on`() throws {
        var watch = RunLimitWatch(self.run, limits: .standard, startedAt: self.start)
        #expect(self.actions(of: &watch, .used(tokens: 8192, costUSD: 1), at: self.start + .seconds(60)).isEmpty)
        let due = try #require(watch.nextDeadline)
        #expect(due > self.start + .seconds(60) && due < self.start + .seconds(61))
        let late = watch.handle(.deadlineReached, at: due)
        #expect(self.signals(late) == [.executionTime])
        #expect(late.contains(.riskRose(to: .atRisk)))
        #expect(watch.nextDeadline == nil)
        let tokens = watch.handle(.used(tokens: 8193, costUSD: nil), at: due)
        #expect(self.signals(tokens) == [.tokens])
        // The risk was there before.
        #expect(tokens.count == 1)
        // An older figure changes nothing.
        #expect(self.actions(of: &watch, .used(tokens: 5, costUSD: nil), at: due).isEmpty)
        #expect(self.actions(of: &watch, .used(tokens: nil, costUSD: .nan), at: due).isEmpty)
        let end = watch.handle(.ended(failed: true, took: .milliseconds(1)), at: due + .seconds(1))
        #expect(self.signals(end) == [.failed])
        #expect(end.last == .riskRose(to: .violated))
        #expect(self.actions(of: &watch, .ended(failed: true, took: nil), at: due + .seconds(2)).isEmpty)
        #expect(watch.risk == .violated)
    }

    @Test func `at the end all is told in the order of the original`() {
        var watch = RunLimitWatch(self.run, limits: .standard, startedAt: self.start)
        var used = watch
        _ = used.handle(.used(tokens: 9000, costUSD: 1.5), at: self.start)
        let actions = used.handle(.ended(failed: true, took: .milliseconds(90_000)), at: self.start + .seconds(2))
        #expect(self.signals(actions) == [.failed, .executionTime])
        guard case .exceeded(_, let payload)? = actions.dropFirst().first else { return }
        #expect(
            payload.compactText
                == #"{"run_id":"r1","tenant_id":"t1","metric":"execution_time_ms","current_value":90000.0,"threshold_value":60000.0,"percentage":150.0,"signal":"EXECUTION_TIME_EXCEEDED"}"#
        )
        // A run that does well is no risk; neither is a failed one where failures are not told.
        #expect(self.actions(of: &watch, .ended(failed: false, took: nil), at: self.start + .seconds(2)).isEmpty)
        var quiet = RunLimits.standard
        quiet.failureSignal = false
        var other = RunLimitWatch(self.run, limits: quiet, startedAt: self.start)
        #expect(self.actions(of: &other, .ended(failed: true, took: nil), at: self.start).isEmpty)
        #expect(other.risk == .normal)
    }

    @Test func `risk levels are ordered as the original orders them`() {
        #expect(RiskLevel.allCases.sorted() == [.normal, .nearThreshold, .atRisk, .violated])
        #expect(RunLimitSignal.allCases.map(\.risk) == [.violated, .atRisk, .atRisk, .atRisk])
    }
}
