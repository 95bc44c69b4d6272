import Events
import Reactions
import Testing

@Suite struct ThresholdDetectorTests {
    private static let epoch: Int64 = 1_795_221_600

    private func time(_ second: Double) -> Timestamp {
        Timestamp(microseconds: Self.epoch * 1_000_000 + Int64(second * 1_000_000))
    }

    private func rule(_ aggregate: ThresholdRule.Aggregate = .sum, limit: Double = 100) -> ThresholdRule {
        ThresholdRule(name: "cost", metric: "cost", aggregate: aggregate, window: .seconds(60), limit: limit)
    }

    private func sample(_ value: Double, key: String = "t1") -> ThresholdDetector.Input {
        .sample(ThresholdSample(key: key, value: value, runID: "r7", tenant: key))
    }

    @Test func `each crossing is told once, with the six fields of the original`() throws {
        var detector = ThresholdDetector(self.rule())
        var actions: [ThresholdDetector.Action] = []
        for second in 0..<20 { actions += detector.handle(self.sample(8), at: self.time(Double(second))) }
        // 80 after ten of them, more than 100 after thirteen.
        guard actions.count == 2, case .exceeded(let near) = actions[0], case .exceeded(let breach) = actions[1] else {
            Issue.record("\(actions)")
            return
        }
        #expect(near.tier == "near")
        #expect(near.at == self.time(9))
        #expect(
            near.payload.compactText
                == #"{"run_id":"r7","tenant_id":"t1","metric":"cost","current_value":80.0,"threshold_value":100.0,"percentage":80.0,"signal_type":"near","rule":"cost","key":"t1"}"#
        )
        #expect(breach.tier == "breach")
        #expect(breach.value == 104)
        actions = []
        // Nobody sends anything: what was exceeded recovers by time alone.
        while let due = detector.nextDeadline { actions += detector.handle(.deadlineReached, at: due) }
        guard actions.count == 2, case .recovered(let first) = actions[0], case .recovered(let second) = actions[1]
        else {
            Issue.record("\(actions)")
            return
        }
        #expect(first.tier == "breach")
        // 90 is where the limit is left: 160 less nine times 8.
        #expect(first.value == 88)
        #expect(first.at == self.time(68))
        #expect(second.tier == "near")
        #expect(second.value == 64)
        #expect(detector.count == 0)
    }

    @Test(arguments: [(0.1, 1), (0.0, 11)])
    func `a value that sways around the limit is told once`(hysteresis: Double, times: Int) {
        var rule = self.rule()
        rule.tiers = [.breach]
        rule.hysteresis = hysteresis
        var detector = ThresholdDetector(rule)
        var actions = detector.handle(self.sample(104), at: self.time(0))
        for second in 1...20 {
            // 94, 104, 94, ...
            actions += detector.handle(self.sample(second % 2 == 0 ? 10 : -10), at: self.time(Double(second)))
        }
        #expect(actions.count { if case .exceeded = $0 { true } else { false } } == times)
        #expect(actions.count { if case .recovered = $0 { true } else { false } } == times - 1)
    }

    @Test func `what jumps over two tiers at once is told as the higher one, and recovers as that`() {
        var detector = ThresholdDetector(self.rule())
        var actions = detector.handle(self.sample(500), at: self.time(0))
        while let due = detector.nextDeadline { actions += detector.handle(.deadlineReached, at: due) }
        guard actions.count == 2, case .exceeded(let exceeded) = actions[0], case .recovered(let recovered) = actions[1]
        else {
            Issue.record("\(actions)")
            return
        }
        #expect(exceeded.tier == "breach")
        #expect(recovered.tier == "breach")
    }

    @Test func `exactly the limit is near it and does not exceed it`() {
        var detector = ThresholdDetector(self.rule())
        let actions = detector.handle(self.sample(100), at: self.time(0))
        guard actions.count == 1, case .exceeded(let signal) = actions[0] else {
            Issue.record("\(actions)")
            return
        }
        #expect(signal.tier == "near")
    }

    @Test func `values that are no numbers are counted and left out`() {
        var detector = ThresholdDetector(self.rule())
        for value in [Double.nan, .infinity, -.infinity] {
            let actions = detector.handle(self.sample(value), at: self.time(0))
            #expect(actions.isEmpty)
        }
        #expect(detector.counters.unusable == 3)
        #expect(detector.count == 0)
    }

    @Test func `keys beyond the bound push out the one used least recently, which is told when it had exceeded`() {
        var rule = self.rule()
        rule.maxKeys = 3
        var detector = ThresholdDetector(rule)
        _ = detector.handle(self.sample(200, key: "a"), at: self.time(0))
        _ = detector.handle(self.sample(1, key: "b"), at: self.time(1))
        _ = detector.handle(self.sample(1, key: "c"), at: self.time(2))
        _ = detector.handle(self.sample(1, key: "b"), at: self.time(3))
        let actions = detector.handle(self.sample(1, key: "d"), at: self.time(4))
        guard actions.count == 1, case .recovered(let signal) = actions[0] else {
            Issue.record("\(actions)")
            return
        }
        #expect(signal.key == "a")
        let others = detector.handle(self.sample(1, key: "e"), at: self.time(5))
        #expect(others.isEmpty)
        #expect(detector.value(of: "c") == nil)
        #expect(detector.value(of: "b") == 2)
        #expect(detector.counters.evicted == 2)
        #expect(detector.count == 3)
    }

    @Test func `different values are told apart up to a bound, which more never exceeds`() {
        var detector = ThresholdDetector(self.rule(.distinct, limit: 9_999))
        var actions: [ThresholdDetector.Action] = []
        for number in 0..<15_000 {
            let sample = ThresholdSample(key: "k", value: 1, distinct: "value \(number % 12_000)")
            actions += detector.handle(.sample(sample), at: self.time(Double(number) / 1000))
        }
        #expect(detector.value(of: "k") == Double(ThresholdRule.maxDistinct))
        #expect(actions.count == 2)
    }

    @Test func `a percentile is off by one in a hundred at most`() throws {
        var detector = ThresholdDetector(self.rule(.p95, limit: 1e9))
        var values: [Double] = []
        for number in 1...5000 {
            let value = Double(number * number) / 7
            values.append(value)
            _ = detector.handle(self.sample(value), at: self.time(Double(number) / 100))
        }
        let exact = values.sorted()[4749]
        let value = try #require(detector.value(of: "t1"))
        #expect(abs(value - exact) / exact <= 0.0101)
    }

    @Test func `values of all sizes take bounded room and leave the high percentiles as they are`() throws {
        var detector = ThresholdDetector(self.rule(.p95, limit: 1e300))
        var exact: [Double] = []
        for number in 0..<4000 {
            // From 10^-100 to 10^100.
            let value = Double(sign: .plus, exponent: number % 664 - 332, significand: 1.5)
            exact.append(value)
            _ = detector.handle(self.sample(value), at: self.time(0))
        }
        let expected = exact.sorted()[3799]
        let value = try #require(detector.value(of: "t1"))
        #expect(abs(value - expected) / expected <= 0.0101)
        #expect(detector.json.compactText.utf8.count < 16 * ValueHistogram.maxSteps)
    }

    @Test func `state of another rule is not taken in`() throws {
        var sums = ThresholdDetector(self.rule())
        _ = sums.handle(self.sample(50), at: self.time(0))
        let state = sums.json
        var counts = ThresholdDetector(self.rule(.count))
        var wider = self.rule()
        wider.window = .seconds(120)
        var other = ThresholdDetector(wider)
        let taken = [
            counts.restore(state, at: self.time(0)), other.restore(state, at: self.time(0)),
            other.restore("nothing", at: self.time(0)),
        ]
        #expect(taken == [false, false, false])
        #expect(other.count == 0)
        var higher = self.rule()
        higher.limit = 40
        var same = ThresholdDetector(higher)
        let isTaken = same.restore(state, at: self.time(1))
        #expect(isTaken)
        // What was stored counts towards the new limit with the next event.
        let actions = same.handle(self.sample(1), at: self.time(2))
        #expect(actions.count == 1)
    }
}
