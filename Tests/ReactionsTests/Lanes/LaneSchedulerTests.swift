import Events
import Reactions
import SeededRandom
import Testing

@Suite struct LaneSchedulerTests {
    private typealias Scheduler = LaneScheduler<String>

    private func settings(_ change: (inout LaneSettings) -> Void = { _ in }) -> LaneSettings {
        var settings = LaneSettings()
        change(&settings)
        return settings
    }

    private func started(_ actions: [Scheduler.Action]) -> [(ticket: LaneTicket, work: String)] {
        actions.compactMap { action in
            guard case .start(let ticket, let work) = action else { return nil }
            return (ticket, work)
        }
    }

    private func refusal(_ actions: [Scheduler.Action]) -> Scheduler.Refusal? {
        guard case .refuse(_, _, let reason) = actions.first else { return nil }
        return reason
    }

    @Test func `work of one run goes one after the other, other runs go beside it`() throws {
        var scheduler = Scheduler()
        let handler = scheduler.addHandler(self.settings { $0.lanes = 4 })
        let first = self.started(scheduler.handle(.submit(handler: handler, key: 0, bytes: 1, work: "a1")))
        #expect(first.map(\.work) == ["a1"])
        #expect(scheduler.handle(.submit(handler: handler, key: 0, bytes: 1, work: "a2")).isEmpty)
        let other = self.started(scheduler.handle(.submit(handler: handler, key: 1, bytes: 1, work: "b1")))
        #expect(other.map(\.work) == ["b1"])
        let ticket = try #require(first.first?.ticket)
        #expect(self.started(scheduler.handle(.finished(ticket))).map(\.work) == ["a2"])
        #expect(scheduler.handle(.finished(ticket)).isEmpty, "a ticket counts once")
    }

    @Test func `a handler that is behind does not delay another handler`() {
        var scheduler = Scheduler()
        let slow = scheduler.addHandler(self.settings { $0.lanes = 1 })
        let quick = scheduler.addHandler()
        for number in 0..<10 { _ = scheduler.handle(.submit(handler: slow, key: 0, bytes: 1, work: "s\(number)")) }
        #expect(self.started(scheduler.handle(.submit(handler: quick, key: 0, bytes: 1, work: "q"))).count == 1)
        #expect(scheduler.running == 2)
        #expect(scheduler.queued == 9)
    }

    @Test func `queues are bounded in number and in bytes`() {
        var scheduler = Scheduler()
        let handler = scheduler.addHandler(
            self.settings {
                $0.lanes = 1
                $0.maxQueued = 2
                $0.maxQueuedBytes = 10
            }
        )
        #expect(self.refusal(scheduler.handle(.submit(handler: handler, key: 0, bytes: 99, work: "runs"))) == nil)
        #expect(self.refusal(scheduler.handle(.submit(handler: handler, key: 0, bytes: 11, work: "x"))) == .bytesFull)
        #expect(self.refusal(scheduler.handle(.submit(handler: handler, key: 0, bytes: 5, work: "a"))) == nil)
        #expect(self.refusal(scheduler.handle(.submit(handler: handler, key: 0, bytes: 5, work: "b"))) == nil)
        #expect(self.refusal(scheduler.handle(.submit(handler: handler, key: 0, bytes: 0, work: "c"))) == .queueFull)
        #expect(self.refusal(scheduler.handle(.submit(handler: 7, key: 0, bytes: 0, work: "c"))) == .handlerUnknown)
        #expect(scheduler.removeQueued() == ["a", "b"])
        #expect(scheduler.queued == 0)
    }

    @Test func `a time-out frees the lane, and the late return changes nothing`() throws {
        var scheduler = Scheduler()
        let handler = scheduler.addHandler(self.settings { $0.lanes = 1 })
        let first = try #require(
            self.started(scheduler.handle(.submit(handler: handler, key: 0, bytes: 1, work: "a"))).first
        )
        _ = scheduler.handle(.submit(handler: handler, key: 0, bytes: 1, work: "b"))
        #expect(self.started(scheduler.handle(.timedOut(first.ticket))).map(\.work) == ["b"])
        #expect(scheduler.abandoned == 1)
        #expect(scheduler.running == 1)
        #expect(scheduler.handle(.timedOut(first.ticket)).isEmpty)
        #expect(scheduler.handle(.finished(first.ticket)).isEmpty)
        #expect(scheduler.abandoned == 0)
        #expect(scheduler.running == 1)
    }

    @Test func `a handler that never returns is not started without end`() throws {
        var scheduler = Scheduler()
        let handler = scheduler.addHandler(
            self.settings {
                $0.lanes = 1
                $0.maxAbandoned = 2
                $0.maxQueued = 5
            }
        )
        var tickets: [LaneTicket] = []
        var refused = 0
        for number in 0..<100 {
            let actions = scheduler.handle(.submit(handler: handler, key: 0, bytes: 1, work: "\(number)"))
            if self.refusal(actions) != nil { refused += 1 }
            var next = self.started(actions).first
            while let start = next {
                tickets.append(start.ticket)
                next = self.started(scheduler.handle(.timedOut(start.ticket))).first
            }
        }
        #expect(tickets.count == 3)
        #expect(refused == 92)
        // One of them returns: the lane goes on.
        let returned = try #require(tickets.first)
        #expect(self.started(scheduler.handle(.finished(returned))).map(\.work) == ["3"])
    }

    @Test(arguments: 0..<20)
    func `nothing is lost, done twice or out of its run's order`(seed: Int) {
        var generator = SplitMix64(seed: UInt64(seed))
        var scheduler = LaneScheduler<Work>()
        let handlers = (0..<3).map { _ in
            scheduler.addHandler(
                self.settings {
                    $0.lanes = 4
                    $0.maxQueued = 20
                    $0.maxAbandoned = 3
                }
            )
        }
        var log = Log()
        var open: [LaneTicket: Work] = [:]
        var late: [LaneTicket] = []
        for number in 0..<5000 {
            let actions: [LaneScheduler<Work>.Action]
            let ticket = open.keys.sorted { $0.serial < $1.serial }.randomElement(using: &generator)
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<5:
                let handler = handlers.randomElement(using: &generator) ?? 0
                let work = Work(handler: handler, run: UInt64.random(in: 0..<12, using: &generator), number: number)
                log.submitted += 1
                actions = scheduler.handle(.submit(handler: handler, key: work.run, bytes: 1, work: work))
            case 5..<8:
                guard let ticket, let work = open.removeValue(forKey: ticket) else { continue }
                log.end(work)
                actions = scheduler.handle(.finished(ticket))
            case 8:
                guard let ticket, let work = open.removeValue(forKey: ticket) else { continue }
                log.end(work)
                late.append(ticket)
                actions = scheduler.handle(.timedOut(ticket))
            default:
                guard !late.isEmpty else { continue }
                actions = scheduler.handle(.finished(late.removeFirst()))
            }
            for action in actions {
                switch action {
                case .start(let ticket, let work):
                    log.begin(work)
                    open[ticket] = work
                case .refuse: log.refused += 1
                }
            }
            #expect(scheduler.running == open.count)
            #expect(log.submitted == log.begun + log.refused + scheduler.queued)
        }
        #expect(log.begun > 500)
    }

    private struct Work: Sendable {
        var handler: Int
        var run: UInt64
        var number: Int
    }

    private struct Run: Hashable {
        var handler: Int
        var run: UInt64
    }

    private struct Log {
        var submitted = 0
        var begun = 0
        var refused = 0
        private var latest: [Run: Int] = [:]
        private var running: Set<Run> = []

        mutating func begin(_ work: Work) {
            let run = Run(handler: work.handler, run: work.run)
            self.begun += 1
            #expect(self.running.insert(run).inserted, "two of one run at a time")
            #expect(work.number > self.latest[run] ?? -1, "out of order")
            self.latest[run] = work.number
        }

        mutating func end(_ work: Work) {
            self.running.remove(Run(handler: work.handler, run: work.run))
        }
    }
}
