import EventPatterns
import Events
import Reactions
import Testing

@Suite struct WorkerMachineTests {
    private func box(_ change: (inout WorkerDefinition) -> Void = { _ in }) -> MachineBox<WorkerMachine> {
        var definition = WorkerDefinition(name: "workers")
        definition.schedule = .every(.seconds(10))
        definition.grace = .seconds(5)
        change(&definition)
        return MachineBox(WorkerMachine(name: "workers", definition))
    }

    @Test func `a worker that stops beating is down once, and back once`() throws {
        var box = self.box()
        for time in [0, 10_000, 20_000] {
            #expect(try box.event("worker.heartbeat", at: time, ["worker_id": "w1"]).alerts.isEmpty)
        }
        #expect(box.pass(until: 34_999).alerts.isEmpty)
        let down = box.pass(until: 100_000)
        let alert = try #require(down.alerts.first)
        #expect(down.alerts.count == 1)
        #expect(
            (alert.type, alert.key, alert.severity, alert.lasts) == (
                "WORKER_DOWN", "WORKER_DOWN:workers:w1", .high, true
            )
        )
        #expect(down.counts == [.flip("down"): 1])
        let back = try box.event("worker.heartbeat", at: 110_000, ["worker_id": "w1"])
        #expect(back.resolutions.map(\.key) == ["WORKER_DOWN:workers:w1"])
        #expect(try box.event("worker.heartbeat", at: 112_000, ["worker_id": "w1"]).resolutions.isEmpty)
    }

    @Test func `one that is expected and never comes is down; one that says that it failed is down at once`() throws {
        var box = self.box { definition in
            definition.expected = [.init(key: "nightly"), .init(key: "slow", schedule: .every(.seconds(3600)))]
            definition.failures = [.exact("worker.failed")]
        }
        #expect(box.machine.nextDeadline == .atOnce)
        _ = box.machine.advance(MachineMoment(now: MachineBox<WorkerMachine>.start) { "id" })
        #expect(box.pass(until: 20_000).alerts.map(\.key) == ["WORKER_DOWN:workers:nightly"])
        let failed = try box.event("worker.failed", at: 21_000, ["worker_id": 7])
        #expect(failed.alerts.map(\.key) == ["WORKER_DOWN:workers:7"])
        let views = box.machine.views(at: MachineBox<WorkerMachine>.start + .seconds(21))
        #expect(views.map { "\($0.key) \($0.state.rawValue)" } == ["7 down", "nightly down", "slow new"])
    }

    @Test func `what another reactor has written down later holds, and what it has not seen is told again`() throws {
        var first = self.box()
        var second = self.box()
        first.machine.beginSharing()
        second.machine.beginSharing()
        _ = try first.event("worker.heartbeat", at: 0, ["worker_id": "w1"])
        _ = try second.event("worker.heartbeat", at: 1, ["worker_id": "w1"])
        #expect(first.machine.takeChanges() == ["w1"])
        let up = try #require(first.machine.state(of: "w1"))
        first.machine.confirm("w1")
        // Both have heard it: nothing is told twice.
        #expect(second.machine.takeChanges() == ["w1"])
        let moment = MachineMoment(now: MachineBox<WorkerMachine>.start + .milliseconds(2)) { "id" }
        #expect(second.machine.adopt("w1", up.bytes, moment).isEmpty)
        #expect(second.machine.takeChanges().isEmpty)
        // Only the second one finds it down, from the state that the first one wrote: its alert stands.
        #expect(second.pass(until: 20_000).alerts.count == 1)
        #expect(second.machine.takeChanges() == ["w1"])
        let later = MachineMoment(now: MachineBox<WorkerMachine>.start + .seconds(20)) { "id" }
        #expect(second.machine.adopt("w1", up.bytes, later).alerts.count == 1)
        #expect(second.machine.takeChanges() == ["w1"])
        let down = try #require(second.machine.state(of: "w1"))
        // And the first one takes it from there.
        #expect(first.machine.adopt("w1", down.bytes, later).isEmpty)
        #expect(first.machine.views(at: later.now).map(\.state) == [.down])
        let back = try first.event("worker.heartbeat", at: 21_000, ["worker_id": "w1"])
        #expect(back.resolutions.count == 1)
    }
}
