import EventPatterns
import Events
import Testing

@testable import Reactions

/// What reactors know of each other's thresholds, without a store between them.
@Suite struct SharedThresholdTests {
    typealias Box = MachineBox<ThresholdMachine>

    static func box(_ aggregate: ThresholdRule.Aggregate = .sum, _ change: (inout ThresholdRule) -> Void) -> Box {
        var rule = ThresholdRule(name: "spend", metric: "m", aggregate: aggregate, window: .seconds(60), limit: 100)
        change(&rule)
        let value = EventField(payload: aggregate == .distinct ? "run_id" : "cost_usd")
        let watch = AggregateWatch(rule: rule, value: value, key: [EventField(payload: "tenant_id")])
        let definition = ThresholdDefinition(name: "spend", on: [.exact("cost.recorded")], watch: .aggregate(watch))
        return self.shared(ThresholdMachine(name: "spend", definition))
    }

    static func box(_ aggregate: ThresholdRule.Aggregate = .sum) -> Box { self.box(aggregate) { _ in } }

    static func runs() -> Box {
        let watch = ThresholdDefinition.Watch.runs(RunLimitWatchSettings())
        let definition = ThresholdDefinition(name: "limits", on: ThresholdDefinition.runTypes, watch: watch)
        return self.shared(ThresholdMachine(name: "limits", definition))
    }

    static func shared(_ machine: ThresholdMachine) -> Box {
        var box = Box(machine)
        box.machine.beginSharing()
        return box
    }

    static func cost(_ amount: Double, run: Int = 1) -> JSONValue {
        ["cost_usd": .number(amount), "tenant_id": "acme", "run_id": .string("r\(run)")]
    }

    static func state(_ box: Box, _ key: String = "acme") throws -> [UInt8] {
        try #require(box.machine.state(of: HashedText(key))).bytes
    }

    /// Lets the time pass, and writes down what is to be written down: those keys are added to `changes`.
    static func pass(_ box: inout Box, until time: Int, _ changes: inout Set<String>) -> [MachineOutput] {
        var outputs: [MachineOutput] = []
        changes.formUnion(box.machine.takeChanges().map(\.text))
        while let due = box.machine.nextDeadline, due <= Box.start + .milliseconds(time) {
            box.time = Int(((due - Box.start).wholeMicroseconds + 999) / 1000)
            outputs += box.machine.advance(box.moment())
            changes.formUnion(box.machine.takeChanges().map(\.text))
        }
        box.time = time
        return outputs
    }

    static func pass(_ box: inout Box, until time: Int) -> [MachineOutput] {
        var changes: Set<String> = []
        return self.pass(&box, until: time, &changes)
    }

    func types(_ outputs: [MachineOutput]) -> [String] { outputs.published.map(\.eventType) }

    @Test(arguments: ThresholdRule.Aggregate.allCases)
    func whatWasAddedUpSurvivesARestart(aggregate: ThresholdRule.Aggregate) throws {
        var box = Self.box(aggregate)
        for step in 0..<50 {
            _ = try box.event("cost.recorded", at: step * 100, Self.cost(0.25 * Double(step % 7), run: step % 9))
        }
        #expect(box.machine.takeChanges() == ["acme"])
        let stored = try Self.state(box)
        var next = Self.box(aggregate)
        next.time = 6000
        next.machine.restore("acme", stored, next.moment())
        // Twice it is the same.
        next.machine.restore("acme", stored, next.moment())
        let value = try #require(box.machine.status(limit: 1).standings.first?.value)
        #expect(value > 0)
        #expect(next.machine.status(limit: 1).standings.first?.value == value)
        #expect(next.machine.takeChanges().isEmpty)
        // What has left the window is forgotten, and removed.
        var changes: Set<String> = []
        let over = Self.pass(&next, until: 200_000, &changes)
        #expect(over.isEmpty)
        #expect(changes == ["acme"])
        #expect(next.machine.state(of: "acme") == nil)
    }

    @Test func oneWhoBeginsAnewTellsTheEndOfWhatWasTold() throws {
        var box = Self.box()
        #expect(try box.event("cost.recorded", at: 0, Self.cost(120)).alerts.count == 1)
        var next = Self.box()
        next.machine.restore("acme", try Self.state(box), next.moment())
        #expect(try next.event("cost.recorded", at: 10, Self.cost(50)).isEmpty)
        let told = self.types(Self.pass(&next, until: 200_000))
        #expect(told == ["threshold.recovered"])
        #expect(next.machine.figures.kept == 0)
    }

    @Test func whatWasAddedUpIsWrittenDownOnceASecondAndOnlySoMuchOfIt() throws {
        var box = Self.box { $0.limit = 1e9 }
        var writes = 0
        for step in 0..<10_000 {
            _ = try box.event("cost.recorded", at: step, Self.cost(1))
            writes += box.machine.takeChanges().count
        }
        #expect(writes == 10)
        // Many keys wait for their turn.
        var largest = 0
        var sum = 0
        var many = Self.box { $0.maxKeys = 20_000 }
        for tenant in 0..<20_000 {
            _ = try many.event("cost.recorded", at: 0, ["cost_usd": 1, "tenant_id": .string("t\(tenant)")])
        }
        while let due = many.machine.nextDeadline, due < Box.start + .seconds(50) {
            many.time = Int((due - Box.start).wholeMicroseconds / 1000)
            _ = many.machine.advance(many.moment())
            let changes = many.machine.takeChanges().count
            largest = max(largest, changes)
            sum += changes
        }
        #expect(sum == 20_000)
        #expect(largest < 6000)
    }

    @Test func whatWasCountedByTheOneWhoWroteItDownIsNotCountedAgain() throws {
        var (one, runs) = (Self.box(.count), Self.runs())
        let step: JSONValue = ["run_id": "r1", "tokens_used": 3000]
        for time in [0, 10, 20] {
            _ = try one.event("cost.recorded", at: time, Self.cost(1))
            _ = try runs.event("run.step.completed", at: time, step)
        }
        var (next, nextRuns) = (Self.box(.count), Self.runs())
        next.machine.restore("acme", try Self.state(one), next.moment())
        nextRuns.machine.restore("r1", try Self.state(runs, "r1"), nextRuns.moment())
        // It has begun to listen before it has read what was written down.
        for time in [10, 20, 30] {
            _ = try next.event("cost.recorded", at: time, Self.cost(1))
            _ = try nextRuns.event("run.step.completed", at: time, step)
        }
        #expect(next.machine.status(limit: 1).standings.first?.value == 4)
        let used = try JSONValue.parse(try Self.state(nextRuns, "r1"))["step_tokens"]?.intValue
        #expect(used == 12_000)
    }

    @Test func whoReadsWhileOthersGoOnCountsNothingTwice() throws {
        var (one, next) = (Self.box(.count), Self.box(.count))
        for step in 0..<100 { _ = try one.event("cost.recorded", at: step * 100, Self.cost(1)) }
        // It has begun to read ten seconds ago, and has heard since then what the other one has written down meanwhile.
        next.machine.restore("acme", try Self.state(one), next.moment())
        for step in 0..<100 { _ = try next.event("cost.recorded", at: step * 100, Self.cost(1)) }
        #expect(next.machine.status(limit: 1).standings.first?.value == 100)
        _ = try next.event("cost.recorded", at: 9_950, Self.cost(1))
        #expect(next.machine.status(limit: 1).standings.first?.value == 101)
    }

    @Test func anEventThatHasWaitedIsCountedByWhenItWasHeard() throws {
        var (one, runs) = (Self.box(.count), Self.runs())
        let step: JSONValue = ["run_id": "r1", "tokens_used": 3000]
        for time in [0, 9_500] {
            _ = try one.event("cost.recorded", at: time, Self.cost(1))
            _ = try runs.event("run.step.completed", at: time, step)
        }
        var (next, nextRuns) = (Self.box(.count), Self.runs())
        (next.time, nextRuns.time) = (10_000, 10_000)
        next.machine.restore("acme", try Self.state(one), next.moment())
        nextRuns.machine.restore("r1", try Self.state(runs, "r1"), nextRuns.moment())
        // Both were heard before it had read; the first one is counted already.
        for heard in [9_500, 9_600] {
            let at = Box.start + .milliseconds(heard)
            let moment = MachineMoment(now: Box.start + .milliseconds(10_000), heardAt: at) { "id" }
            let cost = EnvelopeWriter(eventType: "cost.recorded", timestamp: at, source: "t", payload: Self.cost(1))
            _ = next.machine.handle(try Event(frame: cost.bytes, arrivedAt: at), moment)
            let use = EnvelopeWriter(eventType: "run.step.completed", timestamp: at, source: "t", payload: step)
            _ = nextRuns.machine.handle(try Event(frame: use.bytes, arrivedAt: at), moment)
        }
        #expect(next.machine.status(limit: 1).standings.first?.value == 3)
        let used = try JSONValue.parse(try Self.state(nextRuns, "r1"))["step_tokens"]?.intValue
        #expect(used == 9_000)
    }

    @Test func whatCameBeforeItListenedIsTakenFromTheOther() throws {
        var (one, next) = (Self.box(.count), Self.box(.count))
        for second in 0..<5 { _ = try one.event("cost.recorded", at: second * 1000, Self.cost(1)) }
        _ = try next.event("cost.recorded", at: 0, Self.cost(1))
        _ = next.notice(.listening(since: Box.start + .milliseconds(4_500)), at: 4_500)
        for box in [0, 1] {
            if box == 0 { _ = try one.event("cost.recorded", at: 5_000, Self.cost(1)) }
            if box == 1 { _ = try next.event("cost.recorded", at: 5_000, Self.cost(1)) }
        }
        _ = next.machine.takeChanges()
        #expect(try next.machine.adopt("acme", Self.state(one), next.moment()).isEmpty)
        #expect(next.machine.status(limit: 1).standings.first?.value == 6)
    }

    @Test func ofTwoThatFindTheSameTheSecondTellsNothing() throws {
        var (one, two) = (Self.box(), Self.box())
        for step in 0..<3 {
            let (first, second) = (
                try one.event("cost.recorded", at: step, Self.cost(45)),
                try two.event("cost.recorded", at: step + 1, Self.cost(45))
            )
            #expect(first.counts == second.counts)
        }
        let (first, second) = (one.machine.takeChanges(), two.machine.takeChanges())
        #expect((first, second) == (["acme"], ["acme"]))
        // The first one has written both tiers.
        let told = two.machine.adopt("acme", try Self.state(one), two.moment())
        #expect(told.isEmpty)
        #expect(two.machine.takeChanges().isEmpty)
        // One that has written only what it added up has told nothing.
        var third = Self.box()
        for step in 0..<3 { _ = try third.event("cost.recorded", at: step, Self.cost(45)) }
        _ = third.machine.takeChanges()
        var early = Self.box()
        _ = try early.event("cost.recorded", at: 0, Self.cost(45))
        let left = third.machine.adopt("acme", try Self.state(early), third.moment())
        #expect(left.alerts.map(\.type) == ["THRESHOLD_NEAR", "THRESHOLD_EXCEEDED"])
        #expect(third.machine.takeChanges() == ["acme"])
        third.machine.confirm("acme")
        #expect(third.machine.takeChanges().isEmpty)
    }

    @Test func oneThatLagsTellsNothingAnew() throws {
        var (ahead, behind) = (Self.box(), Self.box())
        #expect(try ahead.event("cost.recorded", at: 0, Self.cost(120)).alerts.count == 1)
        let told = self.types(Self.pass(&ahead, until: 70_000))
        #expect(told == ["threshold.recovered"])
        // It finds only now what has begun and ended meanwhile.
        #expect(try behind.event("cost.recorded", at: 0, Self.cost(120)).alerts.count == 1)
        _ = behind.machine.takeChanges()
        #expect(try behind.machine.adopt("acme", Self.state(ahead), behind.moment()).isEmpty)
        #expect(try behind.event("cost.recorded", at: 1, Self.cost(120)).isEmpty)
        let rest = Self.pass(&behind, until: 300_000)
        #expect(rest.isEmpty)
        // What was told is known for one window more, and then it is forgotten.
        let forgotten = Self.pass(&ahead, until: 300_000)
        #expect(forgotten.isEmpty)
        #expect((ahead.machine.figures.kept, behind.machine.figures.kept) == (0, 0))
    }

    /// The window is a sixth of the time for which it was held up.
    @Test func oneThatWasHeldUpForHalfAMinuteDoesNotTellTheEndAnew() throws {
        func box() -> Box { Self.box(.count) { ($0.window, $0.limit) = (.seconds(5), 1) } }
        var (ahead, behind) = (box(), box())
        _ = try ahead.event("cost.recorded", at: 0, Self.cost(1))
        _ = try behind.event("cost.recorded", at: 0, Self.cost(1))
        _ = behind.machine.takeChanges()
        #expect(try behind.machine.adopt("acme", Self.state(ahead), behind.moment()).isEmpty)
        #expect(self.types(Self.pass(&ahead, until: 30_000)).contains("threshold.recovered"))
        // It finds the end by itself, and what is written down says that it was told.
        #expect(self.types(Self.pass(&behind, until: 30_000)).contains("threshold.recovered"))
        #expect(try behind.machine.adopt("acme", Self.state(ahead), behind.moment()).isEmpty)
        _ = (Self.pass(&ahead, until: 120_000), Self.pass(&behind, until: 120_000))
        #expect((ahead.machine.figures.kept, behind.machine.figures.kept) == (0, 0))
    }

    @Test func whatSomebodyElseHasToldEndsWhenHeCannotSayItAnyMore() throws {
        var (gone, left) = (Self.box(), Self.box())
        // It has heard something that the other one has not.
        _ = try gone.event("cost.recorded", at: 0, Self.cost(80))
        _ = try gone.event("cost.recorded", at: 1000, Self.cost(40))
        _ = try left.event("cost.recorded", at: 1000, Self.cost(40))
        _ = left.machine.takeChanges()
        let since = left.machine.adopt("acme", try Self.state(gone), left.moment())
        #expect(since.isEmpty)
        #expect(left.machine.takeChanges().isEmpty)
        let over = Self.pass(&left, until: 300_000)
        #expect(self.types(over) == ["threshold.recovered", "threshold.recovered"])
        #expect(Set(over.resolutions.map(\.key)) == ["threshold:spend:acme:near", "threshold:spend:acme:breach"])
    }

    @Test func countsOfOthersMatterOnlyWhereSomethingWasNotHeard() throws {
        var (old, new) = (Self.box(.count), Self.box(.count))
        for step in 0..<30 { _ = try old.event("cost.recorded", at: step * 100, Self.cost(1)) }
        // It begins in the third second; the clocks differ by the length of an event.
        for step in 20..<30 { _ = try new.event("cost.recorded", at: step * 100 + 50, Self.cost(1)) }
        _ = new.machine.takeChanges()
        #expect(try new.machine.adopt("acme", Self.state(old), new.moment()).isEmpty)
        #expect(new.machine.status(limit: 1).standings.first?.value == 30)
        // From then on both have heard everything.
        for step in 30..<300 {
            _ = try old.event("cost.recorded", at: step * 100, Self.cost(1))
            _ = try new.event("cost.recorded", at: step * 100 + 50, Self.cost(1))
            _ = new.machine.takeChanges()
            if step % 10 == 0 { _ = new.machine.adopt("acme", try Self.state(old), new.moment()) }
        }
        #expect(new.machine.status(limit: 1).standings.first?.value == 300)
        // After a time in which something may have been missed the other one is asked again.
        for step in 300..<310 { _ = try old.event("cost.recorded", at: step * 100, Self.cost(1)) }
        let (from, to) = (Box.start + .seconds(30), Box.start + .milliseconds(31_050))
        _ = new.notice(.blindnessEnded(from: from, to: to, reason: "deaf"), at: 31_050)
        _ = try new.event("cost.recorded", at: 31_060, Self.cost(1))
        _ = try old.event("cost.recorded", at: 31_060, Self.cost(1))
        _ = new.machine.adopt("acme", try Self.state(old), new.moment())
        #expect(new.machine.status(limit: 1).standings.first?.value == 311)
    }

    @Test func whatMeansNothingHereIsReplacedOrRemoved() throws {
        var other = Self.box(.count)
        for step in 0..<120 { _ = try other.event("cost.recorded", at: step, Self.cost(1)) }
        var box = Self.box()
        box.machine.restore("acme", try Self.state(other), box.moment())
        box.machine.restore("junk", Array("{".utf8), box.moment())
        #expect(box.machine.figures.kept == 0)
        #expect(box.machine.takeChanges().map(\.text).sorted() == ["acme", "junk"])
        // In its place it tells what is left.
        _ = try box.event("cost.recorded", at: 200, Self.cost(150))
        _ = box.machine.takeChanges()
        #expect(try box.machine.adopt("acme", Self.state(other), box.moment()).alerts.count == 1)
        #expect(box.machine.takeChanges() == ["acme"])
    }

    @Test func tiersGoByTheirNamesWhenOthersAreSet() throws {
        var box = Self.box()
        #expect(try box.event("cost.recorded", at: 0, Self.cost(120)).alerts.map(\.type) == ["THRESHOLD_EXCEEDED"])
        var only = Self.box { $0.tiers = [.breach] }
        only.machine.restore("acme", try Self.state(box), only.moment())
        #expect(only.machine.status(limit: 1).standings.first?.tier == "breach")
        #expect(try only.event("cost.recorded", at: 1, Self.cost(1)).isEmpty)
    }

    @Test func keysThatHadToGoAreRemovedAndTheirAlertsEnd() throws {
        var box = Self.box { $0.maxKeys = 1 }
        _ = try box.event("cost.recorded", at: 0, Self.cost(120))
        let stored = try Self.state(box)
        _ = box.machine.takeChanges()
        box.machine.confirm("acme")
        let outputs = try box.event("cost.recorded", at: 1, ["cost_usd": 1, "tenant_id": "other"])
        #expect(self.types(outputs) == ["threshold.recovered"])
        #expect(box.machine.takeChanges().contains("acme"))
        #expect(box.machine.state(of: "acme") == nil)
        // The other reactor has written in between; it does not drive out what is watched now.
        #expect(self.types(box.machine.adopt("acme", stored, box.moment())) == ["threshold.recovered"])
        #expect(box.machine.figures.kept == 1)
        #expect(box.machine.state(of: "other") != nil)
        // Or it has told it already.
        #expect(box.machine.adopt("acme", nil, box.moment()).isEmpty)
    }
}
