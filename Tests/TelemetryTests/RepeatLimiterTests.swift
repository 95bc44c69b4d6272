import Logging
import Testing

@testable import Telemetry

@Suite struct RepeatLimiterTests {
    private let start = ContinuousClock.now
    private let failed = RepeatLimiter.Key(level: .warning, message: "handler failed")
    private let other = RepeatLimiter.Key(level: .error, message: "handler failed")

    @Test func `a window lets a few lines through, counts the rest and tells of them once`() {
        var limiter = RepeatLimiter(window: .seconds(10), burst: 2)
        #expect(limiter.admit(self.failed, at: self.start) == .write)
        #expect(limiter.admit(self.failed, at: self.start + .seconds(1)) == .write)
        let ends = self.start + .seconds(10)
        #expect(limiter.admit(self.failed, at: self.start + .seconds(2)) == .suppressFirst(windowEnds: ends))
        #expect(limiter.admit(self.failed, at: self.start + .seconds(3)) == .suppress)
        #expect(limiter.admit(self.other, at: self.start + .seconds(3)) == .write)
        #expect(limiter.expire(at: self.start + .seconds(9)) == [])
        #expect(limiter.expire(at: ends) == [RepeatLimiter.Summary(key: self.failed, count: 2)])
        #expect(limiter.expire(at: ends) == [])
        #expect(limiter.admit(self.failed, at: ends) == .write)
    }

    @Test func `a message that rests for a window starts anew`() {
        var limiter = RepeatLimiter(window: .seconds(10), burst: 1)
        #expect(limiter.admit(self.failed, at: self.start) == .write)
        #expect(limiter.admit(self.failed, at: self.start + .seconds(10)) == .write)
    }

    @Test func `at the end everything left out is told`() {
        var limiter = RepeatLimiter(window: .seconds(10), burst: 1)
        for _ in 0..<5 { _ = limiter.admit(self.failed, at: self.start) }
        #expect(limiter.expireAll() == [RepeatLimiter.Summary(key: self.failed, count: 4)])
        #expect(limiter.expireAll() == [])
    }

    @Test func `messages without number do not fill the memory`() {
        var limiter = RepeatLimiter(window: .seconds(10), burst: 1, keyLimit: 4)
        for index in 0..<100 {
            let key = RepeatLimiter.Key(level: .info, message: "\(index)")
            #expect(limiter.admit(key, at: self.start) == .write)
        }
        // What was watched before is still watched, and makes room when its window is over.
        let first = RepeatLimiter.Key(level: .info, message: "0")
        #expect(limiter.admit(first, at: self.start) == .suppressFirst(windowEnds: self.start + .seconds(10)))
        let late = RepeatLimiter.Key(level: .info, message: "late")
        #expect(limiter.admit(late, at: self.start + .seconds(11)) == .write)
        #expect(limiter.admit(late, at: self.start + .seconds(11)) != .write)
    }
}
