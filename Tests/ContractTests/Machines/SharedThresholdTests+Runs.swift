import EventPatterns
import Events
import Testing

@testable import Reactions

/// The limits of single runs.
extension SharedThresholdTests {
    @Test func whatRunsHaveUsedSurvivesARestart() throws {
        var box = Self.runs()
        _ = try box.event("run.started", at: 0, ["run_id": "r1", "tenant_id": "acme"])
        _ = try box.event("cost.recorded", at: 1, ["run_id": "r1", "cost_usd": .number(0.7)])
        #expect(box.machine.takeChanges() == ["r1"])
        var next = Self.runs()
        next.machine.restore("r1", try Self.state(box, "r1"), next.moment())
        let more = try next.event("cost.recorded", at: 10, ["run_id": "r1", "cost_usd": .number(0.7)])
        #expect(more.published.map { $0.payload["signal"]?.stringValue } == ["COST_LIMIT_EXCEEDED"])
        // What was told is not told again, and the time goes on.
        var third = Self.runs()
        third.machine.restore("r1", try Self.state(next, "r1"), third.moment())
        #expect(try third.event("cost.recorded", at: 20, ["run_id": "r1", "cost_usd": 1]).isEmpty)
        let late = Self.pass(&third, until: 70_000)
        #expect(late.published.map { $0.payload["signal"]?.stringValue } == ["EXECUTION_TIME_EXCEEDED"])
        #expect(late.published.map { $0.payload["tenant_id"]?.stringValue } == ["acme"])
    }

    @Test func ofTwoReactorsOneTellsWhatARunHasExceededAndThatItFailed() throws {
        var (one, two) = (Self.runs(), Self.runs())
        let events: [(String, JSONValue)] = [
            ("run.started", ["run_id": "r1"]), ("cost.recorded", ["run_id": "r1", "cost_usd": 2]),
            ("run.failed", ["run_id": "r1"]),
        ]
        for (index, event) in events.enumerated() {
            _ = try one.event(event.0, at: index, event.1)
            _ = one.machine.takeChanges()
            one.machine.confirm("r1")
            _ = try two.event(event.0, at: index, event.1)
            _ = two.machine.takeChanges()
            #expect(try two.machine.adopt("r1", Self.state(one, "r1"), two.moment()).isEmpty)
        }
        #expect(two.machine.takeChanges().isEmpty)
        // The other one has ended meanwhile: what it has told is known, until it does not matter any more.
        #expect(one.machine.state(of: "r1") != nil)
        #expect(one.machine.status(limit: 5).standings.isEmpty)
        var changes: Set<String> = []
        let later = Self.pass(&one, until: 100_000, &changes)
        #expect(later.isEmpty)
        #expect(changes == ["r1"])
        #expect(one.machine.state(of: "r1") == nil)
        // What comes too late opens no run, and a run that begins again is a new one.
        #expect(try two.event("cost.recorded", at: 10, ["run_id": "r1", "cost_usd": 2]).isEmpty)
        #expect(try two.event("run.started", at: 20, ["run_id": "r1"]).isEmpty)
        let again = try two.event("cost.recorded", at: 30, ["run_id": "r1", "cost_usd": 2])
        #expect(self.types(again) == ["threshold.exceeded"])
    }

    @Test(arguments: [false, true]) func whatComesAfterTheEndOfARunBeginsNoOther(isShared: Bool) throws {
        var settings = RunLimitWatchSettings()
        settings.maxRuns = 10
        let definition = ThresholdDefinition(name: "limits", on: ThresholdDefinition.runTypes, watch: .runs(settings))
        var box = Box(ThresholdMachine(name: "limits", definition))
        if isShared { box.machine.beginSharing() }
        let cost: JSONValue = ["run_id": "r1", "cost_usd": 2]
        _ = try box.event("run.started", at: 0, ["run_id": "r1"])
        _ = try box.event("run.completed", at: 1, ["run_id": "r1"])
        #expect(try box.event("cost.recorded", at: 10, cost).isEmpty)
        #expect(try box.event("run.completed", at: 20, ["run_id": "r1"]).isEmpty)
        #expect(box.machine.figures.kept == 0)
        let later = Self.pass(&box, until: 300_000)
        #expect(later.isEmpty)
        #expect(try box.event("cost.recorded", at: 300_000, cost).isEmpty)
        // It begins again, exceeds a limit, ends and is forgotten: still what comes then is late.
        _ = try box.event("run.started", at: 300_010, ["run_id": "r1"])
        #expect(self.types(try box.event("cost.recorded", at: 300_020, cost)) == ["threshold.exceeded"])
        _ = try box.event("run.completed", at: 300_030, ["run_id": "r1"])
        let end = Self.pass(&box, until: 400_000)
        #expect(end.isEmpty)
        #expect(try box.event("cost.recorded", at: 400_000, cost).isEmpty)
        #expect(box.machine.figures.kept == 0)
        // So many are remembered and no more.
        for run in 2..<20 {
            _ = try box.event("run.started", at: 400_010, ["run_id": .string("r\(run)")])
            _ = try box.event("run.completed", at: 400_010, ["run_id": .string("r\(run)")])
        }
        _ = try box.event("cost.recorded", at: 400_020, ["run_id": "r16", "cost_usd": 0])
        #expect(box.machine.figures.kept == 0)
        _ = try box.event("cost.recorded", at: 400_020, ["run_id": "r1", "cost_usd": 0])
        #expect(box.machine.figures.kept == 1)
    }

    @Test func aRunThatHasEndedWithoutASignalIsRemovedWhoeverWroteItLast() throws {
        var (one, two) = (Self.runs(), Self.runs())
        _ = try one.event("run.started", at: 0, ["run_id": "r1"])
        _ = try two.event("run.started", at: 0, ["run_id": "r1"])
        _ = try two.event("run.completed", at: 10, ["run_id": "r1"])
        #expect(two.machine.takeChanges() == ["r1"])
        #expect(two.machine.state(of: "r1") == nil)
        #expect(try two.machine.adopt("r1", Self.state(one, "r1"), two.moment()).isEmpty)
        #expect(two.machine.takeChanges() == ["r1"])
    }

    @Test func aRunWhoseEndMayHaveBeenMissedIsNotSaidToTakeTooLongUntilItIsHeardOf() throws {
        var box = Self.runs()
        for run in ["r1", "r2", "r3"] { _ = try box.event("run.started", at: 0, ["run_id": .string(run)]) }
        let (from, to) = (Box.start + .seconds(1), Box.start + .seconds(9))
        _ = box.notice(.blindnessBegan(at: from, reason: "deaf"), at: 5000)
        _ = try box.event("run.progress", at: 5500, ["run_id": "r3"])
        _ = box.notice(.blindnessDismissed, at: 6000)
        _ = box.notice(.blindnessBegan(at: from, reason: "deaf"), at: 7000)
        _ = box.notice(.blindnessEnded(from: from, to: to, reason: "deaf"), at: 9000)
        _ = try box.event("run.progress", at: 10_000, ["run_id": "r2"])
        let told = Self.pass(&box, until: 80_000)
        #expect(told.alerts.map(\.runID) == ["r2"])
        _ = try box.event("run.progress", at: 90_000, ["run_id": "r1"])
        let late = Self.pass(&box, until: 90_000)
        #expect(late.published.map { $0.payload["signal"]?.stringValue } == ["EXECUTION_TIME_EXCEEDED"])
        // Nothing was missed: their time counts.
        var other = Self.runs()
        _ = try other.event("run.started", at: 0, ["run_id": "r1"])
        _ = other.notice(.blindnessBegan(at: from, reason: "deaf"), at: 5000)
        let still = Self.pass(&other, until: 70_000)
        #expect(still.isEmpty)
        _ = other.notice(.blindnessDismissed, at: 71_000)
        let later = Self.pass(&other, until: 72_000)
        #expect(later.alerts.map(\.runID) == ["r1"])
    }
}
