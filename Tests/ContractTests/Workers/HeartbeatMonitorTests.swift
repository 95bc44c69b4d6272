import Events
import Reactions
import SeededRandom
import SyntheticEvents
import Testing

@Suite struct HeartbeatMonitorTests {
    private static let epoch: Int64 = 1_795_221_600

    /// A monitor and a clock: seconds since the beginning.
    private struct Watch {
        var monitor = HeartbeatMonitor(Watch.terms)
        var actions: [HeartbeatMonitor.Action] = []
        private(set) var now = 0

        static let terms = HeartbeatTerms(schedule: .every(.seconds(10)), grace: .seconds(5))

        static func time(_ second: Int) -> Timestamp { Timestamp(microseconds: (epoch + Int64(second)) * 1_000_000) }

        mutating func tell(_ input: HeartbeatMonitor.Input, at second: Int) {
            self.advance(to: second)
            self.actions += self.monitor.handle(input, at: Self.time(second))
        }

        mutating func advance(to second: Int) {
            while let due = self.monitor.nextDeadline, due <= Self.time(second) {
                self.actions += self.monitor.handle(.deadlineReached, at: max(due, Self.time(self.now)))
            }
            self.now = second
        }

        /// What alerts were raised and resolved, with the second.
        var alerts: [String] {
            self.actions.compactMap { action in
                switch action {
                case .down(let flip, _): "\(flip.key) down \(Self.second(flip.at)) \(flip.reason.rawValue)"
                case .recovered(let flip, let after):
                    "\(flip.key) up \(Self.second(flip.at)) after \(after.components.seconds)"
                case .gapsGrow(let key, let gaps): "\(key) slows \(gaps.map(\.components.seconds))"
                case .flipped, .refused, .forgotten: nil
                }
            }
        }

        var flips: [String] {
            self.actions.compactMap {
                guard case .flipped(let flip) = $0 else { return nil }
                return "\(Self.second(flip.at)) \(flip.from.rawValue)-\(flip.to.rawValue)"
            }
        }

        static func second(_ time: Timestamp) -> Int64 { time.microseconds / 1_000_000 - epoch }

        func state(_ key: String = "w") -> WorkerState? { self.monitor.view(of: key, at: Self.time(self.now))?.state }
    }

    @Test func `a worker that stops is down once, and up once when it beats again`() {
        var watch = Watch()
        for second in stride(from: 0, through: 30, by: 10) { watch.tell(.beat(key: "w"), at: second) }
        watch.advance(to: 40)
        #expect(watch.state() == .grace)
        watch.advance(to: 44)
        #expect(watch.alerts.isEmpty)
        watch.advance(to: 100)
        #expect(watch.state() == .down)
        #expect(watch.alerts == ["w down 45 timeout"])
        watch.tell(.beat(key: "w"), at: 105)
        watch.tell(.beat(key: "w"), at: 106)
        #expect(watch.alerts == ["w down 45 timeout", "w up 105 after 60"])
        #expect(watch.flips == ["0 new-up", "45 up-down", "105 down-up"])
        #expect(watch.state() == .up)
    }

    @Test func `a beat in the grace is no alert`() {
        var watch = Watch()
        for second in stride(from: 0, through: 140, by: 14) { watch.tell(.beat(key: "w"), at: second) }
        #expect(watch.alerts.isEmpty)
        #expect(watch.flips == ["0 new-up"])
        watch.advance(to: 149)
        #expect(watch.state() == .up)
        watch.advance(to: 150)
        #expect(watch.state() == .grace)
    }

    @Test func `one that is expected and never comes is down too`() {
        var watch = Watch()
        let terms = HeartbeatTerms(schedule: .every(.seconds(60)), grace: .seconds(30))
        watch.tell(.expected(key: "w", terms), at: 0)
        #expect(watch.state() == .new)
        watch.advance(to: 89)
        #expect(watch.alerts.isEmpty)
        watch.advance(to: 90)
        #expect(watch.alerts == ["w down 90 timeout"])
        #expect(watch.flips == ["90 new-down"])
        #expect(watch.monitor.view(of: "w", at: Watch.time(90))?.lastBeat == nil)
    }

    @Test func `one that says that it failed is down at once`() {
        var watch = Watch()
        watch.tell(.beat(key: "w"), at: 0)
        watch.tell(.failed(key: "w"), at: 3)
        watch.tell(.failed(key: "w"), at: 4)
        watch.tell(.beat(key: "w"), at: 8)
        #expect(watch.alerts == ["w down 3 fail", "w up 8 after 5"])
    }

    @Test func `a paused worker may be silent, and is expected again when it goes on`() {
        var watch = Watch()
        watch.tell(.beat(key: "w"), at: 0)
        watch.tell(.paused(key: "w"), at: 5)
        watch.advance(to: 1000)
        #expect(watch.state() == .paused)
        #expect(watch.alerts.isEmpty)
        watch.tell(.resumed(key: "w"), at: 1000)
        watch.advance(to: 1014)
        #expect(watch.alerts.isEmpty)
        watch.advance(to: 1015)
        #expect(watch.alerts == ["w down 1015 timeout"])
        watch.tell(.paused(key: "w"), at: 1020)
        #expect(watch.alerts.last == "w up 1020 after 5")
        // A beat ends a pause.
        watch.tell(.beat(key: "w"), at: 1030)
        #expect(watch.state() == .up)
    }

    @Test func `gaps that grow are told once, until they shrink`() {
        var watch = Watch()
        watch.tell(.expected(key: "w", HeartbeatTerms(schedule: .every(.seconds(100)), grace: .seconds(100))), at: 0)
        var second = 0
        for gap in [10, 10, 10, 13, 17, 22, 30, 40, 10, 13, 17, 25] {
            second += gap
            watch.tell(.beat(key: "w"), at: second)
        }
        #expect(watch.alerts == ["w slows [10, 13, 17, 22]", "w slows [10, 13, 17, 25]"])
    }

    @Test func `by the times of cron, a beat is expected at each of them`() throws {
        var watch = Watch()
        // The beginning is at 00:40.
        let schedule = HeartbeatSchedule.cron(try CronSchedule("0 * * * *"), .utc)
        watch.tell(.expected(key: "w", HeartbeatTerms(schedule: schedule, grace: .seconds(300))), at: 0)
        watch.tell(.beat(key: "w"), at: 20 * 60 + 10)
        watch.advance(to: 80 * 60 + 299)
        #expect(watch.alerts.isEmpty)
        watch.advance(to: 80 * 60 + 300)
        #expect(watch.alerts == ["w down 5100 timeout"])
    }

    @Test func `nobody is down for silence in a time in which nothing could be heard`() {
        var watch = Watch()
        for key in ["a", "b"] { watch.tell(.beat(key: key), at: 0) }
        watch.tell(.blindnessBegan(at: Watch.time(8)), at: 9)
        watch.advance(to: 60)
        #expect(watch.alerts.isEmpty)
        watch.tell(.blindnessEnded(from: Watch.time(8), to: Watch.time(60)), at: 60)
        watch.tell(.beat(key: "a"), at: 65)
        watch.advance(to: 74)
        #expect(watch.alerts.isEmpty)
        watch.advance(to: 79)
        // From the end of the silence on, they have their time.
        #expect(watch.alerts == ["b down 75 timeout"])
        // One that had enough time after it is not spared.
        watch.tell(.beat(key: "a"), at: 79)
        watch.tell(.blindnessEnded(from: Watch.time(80), to: Watch.time(81)), at: 81)
        watch.advance(to: 200)
        #expect(watch.alerts.last == "a down 94 timeout")
    }

    @Test
    func `a grace that is longer than the period is counted from the end of a blind time once, and then it is over`() {
        var watch = Watch()
        watch.monitor = HeartbeatMonitor(HeartbeatTerms(schedule: .every(.seconds(30)), grace: .seconds(60)))
        watch.tell(.beat(key: "w"), at: 0)
        watch.tell(.blindnessBegan(at: Watch.time(20)), at: 20)
        watch.advance(to: 620)
        watch.tell(.blindnessEnded(from: Watch.time(20), to: Watch.time(620)), at: 620)
        watch.advance(to: 709)
        #expect(watch.alerts.isEmpty)
        watch.advance(to: 710)
        #expect(watch.alerts == ["w down 710 timeout"])
    }

    @Test func `workers nobody named are bounded in number and forgotten after a day`() {
        var watch = Watch()
        watch.monitor = HeartbeatMonitor(Watch.terms, maxWorkers: 100)
        for number in 0...100 { watch.tell(.beat(key: "w\(number)"), at: 0) }
        watch.tell(.beat(key: ""), at: 0)
        watch.tell(.beat(key: String(repeating: "k", count: 513)), at: 0)
        #expect(watch.monitor.count == 100)
        #expect(watch.monitor.refused == 3)
        watch.tell(.forgotten(key: "w1"), at: 1)
        watch.tell(.expected(key: "named", Watch.terms), at: 1)
        watch.advance(to: 86_400 + 14)
        #expect(watch.monitor.count == 100)
        watch.advance(to: 86_400 + 16)
        #expect(watch.monitor.views(at: Watch.time(86_416)).map(\.key) == ["named"])
        #expect(watch.monitor.nextDeadline == nil)
    }

    @Test func `what was known survives a restart, and the time between does not count`() throws {
        var watch = Watch()
        for key in ["well", "down", "paused"] { watch.tell(.beat(key: key), at: 0) }
        watch.tell(.paused(key: "paused"), at: 1)
        for second in [10, 20, 30] { watch.tell(.beat(key: "well"), at: second) }
        var next = Watch()
        next.tell(.expected(key: "well", Watch.terms), at: 500)
        next.monitor.restore(
            try JSONValue.parse(watch.monitor.json.compactText),
            writtenAt: Watch.time(32),
            at: Watch.time(500)
        )
        next.advance(to: 500)
        #expect(next.monitor.views(at: Watch.time(500)).map(\.state) == [.down, .paused, .up])
        next.tell(.beat(key: "down"), at: 501)
        next.advance(to: 600)
        #expect(next.alerts == ["down up 501 after 486", "well down 515 timeout", "down down 516 timeout"])
    }

    /// Against a look at every second, with everything in every order.
    @Test(arguments: 0..<20)
    func `alerts are those of counting seconds`(seed: Int) {
        var generator = SplitMix64(seed: UInt64(seed) &+ 1)
        for round in 0..<40 {
            var watch = Watch()
            var model = SecondsModel()
            for second in 0..<120 {
                model.pass(second)
                guard Int.random(in: 0..<9, using: &generator) == 0 else { continue }
                switch Int.random(in: 0..<10, using: &generator) {
                case 0:
                    model.pause(second)
                    watch.tell(.paused(key: "w"), at: second)
                case 1:
                    model.resume(second)
                    watch.tell(.resumed(key: "w"), at: second)
                case 2:
                    model.fail(second)
                    watch.tell(.failed(key: "w"), at: second)
                default:
                    model.beat(second)
                    watch.tell(.beat(key: "w"), at: second)
                }
            }
            watch.advance(to: 119)
            let alerts = watch.alerts.filter { !$0.contains("slows") }
            #expect(alerts == model.alerts, "round \(round)")
            #expect(watch.state() == model.state)
        }
    }

    /// One worker with a period of ten seconds and five of grace, from the text.
    private struct SecondsModel {
        private(set) var alerts: [String] = []
        private(set) var state: WorkerState?
        private var silent = 0
        private var downSince: Int?

        mutating func pass(_ second: Int) {
            guard let state = self.state, state != .down, state != .paused else { return }
            self.silent += 1
            if self.silent == 10, state == .up { self.state = .grace }
            if self.silent == 15 {
                self.state = .down
                self.downSince = second
                self.alerts.append("w down \(second) timeout")
            }
        }

        private mutating func end(_ second: Int) {
            guard let since = self.downSince else { return }
            self.alerts.append("w up \(second) after \(second - since)")
            self.downSince = nil
        }

        mutating func beat(_ second: Int) {
            self.end(second)
            self.state = .up
            self.silent = 0
        }

        mutating func fail(_ second: Int) {
            self.silent = 0
            guard self.state != .down, self.state != .paused else { return }
            self.state = .down
            self.downSince = second
            self.alerts.append("w down \(second) fail")
        }

        mutating func pause(_ second: Int) {
            guard self.state != nil, self.state != .paused else { return }
            self.end(second)
            self.state = .paused
        }

        mutating func resume(_ second: Int) {
            guard self.state == .paused else { return }
            self.state = .up
            self.silent = 0
        }
    }
}
