import Events
import Reactions
import SeededRandom
import Testing

@Suite struct ReactorLifecycleTests {
    private let start = Timestamp(seconds: 1000)

    private func running() -> ReactorLifecycle {
        var lifecycle = ReactorLifecycle()
        _ = lifecycle.handle(.start, at: self.start)
        _ = lifecycle.handle(.started(run: 1), at: self.start)
        return lifecycle
    }

    @Test func `a reactor starts, runs, stops and can be started again`() {
        var lifecycle = ReactorLifecycle()
        for run in UInt64(1)...3 {
            #expect(lifecycle.state == .stopped)
            #expect(lifecycle.handle(.start, at: self.start) == [.begin(run: run)])
            #expect(lifecycle.state == .starting)
            #expect(lifecycle.handle(.started(run: run), at: self.start) == [.announceRunning])
            #expect(lifecycle.state == .running)
            let deadline = self.start + .seconds(20)
            #expect(
                lifecycle.handle(.stop(grace: .seconds(20)), at: self.start) == [.drain(run: run, deadline: deadline)]
            )
            #expect(lifecycle.state == .stopping)
            #expect(lifecycle.handle(.stopped(run: run, left: 0), at: self.start) == [.finished(.clean)])
        }
    }

    @Test func `a start while it is not stopped is refused`() {
        var lifecycle = ReactorLifecycle()
        _ = lifecycle.handle(.start, at: self.start)
        #expect(
            lifecycle.handle(.start, at: self.start)
                == [.refuse("the reactor is STARTING, it can be started when it is STOPPED")]
        )
        lifecycle = self.running()
        #expect(
            lifecycle.handle(.start, at: self.start)
                == [.refuse("the reactor is RUNNING, it can be started when it is STOPPED")]
        )
        _ = lifecycle.handle(.stop(grace: .seconds(1)), at: self.start)
        #expect(
            lifecycle.handle(.start, at: self.start)
                == [.refuse("the reactor is STOPPING, it can be started when it is STOPPED")]
        )
    }

    @Test func `work that is left makes the outcome`() {
        var lifecycle = self.running()
        _ = lifecycle.handle(.stop(grace: .seconds(1)), at: self.start)
        #expect(lifecycle.handle(.stopped(run: 1, left: 3), at: self.start) == [.finished(.workLeft(3))])
        #expect(lifecycle.lastOutcome == .workLeft(3))
    }

    @Test func `after the grace everything is ended, once`() {
        var lifecycle = self.running()
        _ = lifecycle.handle(.stop(grace: .seconds(20)), at: self.start)
        #expect(lifecycle.handle(.tick, at: self.start + .milliseconds(19_999)).isEmpty)
        #expect(lifecycle.handle(.tick, at: self.start + .seconds(20)) == [.abandon(run: 1)])
        #expect(lifecycle.handle(.tick, at: self.start + .seconds(21)).isEmpty)
    }

    @Test func `the second demand to stop does not wait`() {
        var lifecycle = self.running()
        _ = lifecycle.handle(.stop(grace: .seconds(20)), at: self.start)
        #expect(lifecycle.handle(.stop(grace: .seconds(20)), at: self.start) == [.abandon(run: 1)])
    }

    @Test func `a stop while it starts ends the start`() {
        var lifecycle = ReactorLifecycle()
        _ = lifecycle.handle(.start, at: self.start)
        #expect(
            lifecycle.handle(.stop(grace: .zero), at: self.start) == [.drain(run: 1, deadline: self.start)]
        )
        #expect(lifecycle.handle(.started(run: 1), at: self.start).isEmpty)
        #expect(lifecycle.handle(.stopped(run: 1, left: 0), at: self.start) == [.finished(.clean)])
    }

    @Test func `a stop while it is stopped is finished at once`() {
        var lifecycle = ReactorLifecycle()
        #expect(lifecycle.handle(.stop(grace: .seconds(1)), at: self.start) == [.finished(.clean)])
        #expect(lifecycle.state == .stopped)
    }

    @Test func `a start that fails ends with the reason`() {
        var lifecycle = ReactorLifecycle()
        _ = lifecycle.handle(.start, at: self.start)
        #expect(lifecycle.handle(.failed(run: 1, reason: "no server"), at: self.start) == [.abandon(run: 1)])
        #expect(lifecycle.handle(.stopped(run: 1, left: 0), at: self.start) == [.finished(.failed("no server"))])
        #expect(lifecycle.handle(.start, at: self.start) == [.begin(run: 2)])
    }

    @Test func `what comes late from an earlier start changes nothing`() {
        var lifecycle = self.running()
        _ = lifecycle.handle(.stop(grace: .zero), at: self.start)
        _ = lifecycle.handle(.stopped(run: 1, left: 0), at: self.start)
        _ = lifecycle.handle(.start, at: self.start)
        for late in [ReactorLifecycle.Input.started(run: 1), .failed(run: 1, reason: "x"), .stopped(run: 1, left: 9)] {
            #expect(lifecycle.handle(late, at: self.start).isEmpty)
            #expect(lifecycle.state == .starting)
        }
    }

    @Test func `any log of inputs leads to the same state again, and never leaves the states`() {
        var generator = SplitMix64(seed: 3)
        for _ in 0..<200 {
            var first = ReactorLifecycle()
            var log: [(ReactorLifecycle.Input, Timestamp)] = []
            for step in 0..<60 {
                let run = UInt64.random(in: 0...3, using: &generator)
                let inputs: [ReactorLifecycle.Input] = [
                    .start, .started(run: run), .failed(run: run, reason: "f"), .stop(grace: .seconds(2)),
                    .stopped(run: run, left: Int(run)), .tick,
                ]
                let input = inputs.randomElement(using: &generator) ?? .tick
                let now = Timestamp(seconds: Double(step))
                log.append((input, now))
                let before = first.state
                _ = first.handle(input, at: now)
                #expect(Self.mayFollow(before, first.state))
            }
            var second = ReactorLifecycle()
            for (input, now) in log { _ = second.handle(input, at: now) }
            #expect(first == second)
        }
    }

    private static func mayFollow(_ before: ReactorLifecycle.State, _ after: ReactorLifecycle.State) -> Bool {
        switch (before, after) {
        case (.stopped, .starting), (.starting, .running), (.starting, .stopping), (.running, .stopping): true
        case (.starting, .stopped), (.running, .stopped), (.stopping, .stopped): true
        default: before == after
        }
    }
}
