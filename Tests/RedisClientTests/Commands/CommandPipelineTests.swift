import NIOCore
import Testing

@testable import RedisClient

/// Receivers are names here.
@Suite struct `The pipeline of commands` {
    private typealias Pipeline = CommandPipeline<String>

    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private func entry(
        _ id: UInt64,
        bytes: Int = 10,
        deadline: TimeAmount = .seconds(5),
        waits: Bool = true
    ) -> Pipeline.Entry {
        Pipeline.Entry(
            id: id,
            encoded: [UInt8](repeating: UInt8(id), count: bytes),
            deadline: self.start + deadline,
            waitsForConnection: waits,
            receiver: "r\(id)"
        )
    }

    private func connected(_ count: UInt64) -> Pipeline {
        var pipeline = Pipeline(limits: .init())
        _ = pipeline.connected(at: self.start)
        for id in 1...count { #expect(pipeline.submit(self.entry(id), at: self.start).isSend) }
        return pipeline
    }

    @Test func `gives replies to the commands in their order`() {
        var pipeline = self.connected(3)
        #expect(pipeline.replied(at: self.start).name == "r1")
        #expect(pipeline.replied(at: self.start).name == "r2")
        #expect(pipeline.outstanding == 1)
        #expect(pipeline.replied(at: self.start).name == "r3")
        #expect(pipeline.replied(at: self.start).isUnexpected)
    }

    @Test func `keeps the place of a command that was cancelled or is late`() {
        var pipeline = self.connected(4)
        let cancelled = pipeline.cancel(2)
        #expect(cancelled?.receiver == "r2" && cancelled?.error.mayHaveExecuted == true)
        #expect(pipeline.cancel(2)?.receiver == nil)
        #expect(pipeline.replied(at: self.start).name == "r1")
        #expect(pipeline.replied(at: self.start).isNobody)
        let late = pipeline.expire(at: self.start + .seconds(6))
        #expect(late.map(\.receiver) == ["r3", "r4"])
        #expect(late.allSatisfy { $0.error.code == .timedOut && $0.error.mayHaveExecuted })
        #expect(pipeline.replied(at: self.start).isNobody)
        #expect(pipeline.submit(self.entry(5), at: self.start).isSend)
        #expect(pipeline.replied(at: self.start).isNobody)
        #expect(pipeline.replied(at: self.start).name == "r5")
    }

    @Test func `sends what waited, in order, when there is a connection`() {
        var pipeline = Pipeline(limits: .init())
        for id in 1...3 as ClosedRange<UInt64> { #expect(pipeline.submit(self.entry(id), at: self.start).isQueued) }
        let cancelled = pipeline.cancel(2)
        #expect(cancelled?.receiver == "r2" && cancelled?.error.mayHaveExecuted == false)
        #expect(pipeline.connected(at: self.start).map(\.first) == [1, 3])
        #expect(pipeline.replied(at: self.start).name == "r1")
        #expect(pipeline.replied(at: self.start).name == "r3")
    }

    @Test func `does not let a command wait that must not`() {
        var pipeline = Pipeline(limits: .init())
        #expect(pipeline.submit(self.entry(1, waits: false), at: self.start).error?.code == .connectionClosed)
        #expect(pipeline.submit(self.entry(2, waits: false), at: self.start).error?.mayHaveExecuted == false)
        #expect(pipeline.outstanding == 0)
    }

    @Test func `fails what was sent when the connection is lost, and keeps what was not`() {
        var pipeline = self.connected(2)
        let over = pipeline.disconnected(RedisError(.connectionClosed, "gone"))
        #expect(over.map(\.receiver) == ["r1", "r2"])
        #expect(over.allSatisfy { $0.error.mayHaveExecuted })
        #expect(pipeline.submit(self.entry(3), at: self.start).isQueued)
        #expect(pipeline.disconnected(RedisError(.connectFailed, "refused")).isEmpty)
        let late = pipeline.expire(at: self.start + .seconds(5))
        #expect(late.map(\.receiver) == ["r3"])
        #expect(late.first?.error.code == .connectFailed)
        #expect(late.first?.error.mayHaveExecuted == false)
        #expect(pipeline.outstanding == 0)
    }

    @Test func `fails everything at once where only a person can help`() {
        var pipeline = Pipeline(limits: .init())
        #expect(pipeline.submit(self.entry(1), at: self.start).isQueued)
        let refusal = RedisError(.wrongPassword, "WRONGPASS")
        #expect(pipeline.disconnected(refusal).map(\.error) == [refusal])
        #expect(pipeline.submit(self.entry(2), at: self.start).error == refusal)
        _ = pipeline.connected(at: self.start)
        #expect(pipeline.submit(self.entry(3), at: self.start).isSend)
    }

    @Test func `holds no more commands and bytes than it may`() {
        var limits = Pipeline.Limits()
        limits.commands = 2
        limits.bytes = 100
        var pipeline = Pipeline(limits: limits)
        _ = pipeline.connected(at: self.start)
        #expect(pipeline.submit(self.entry(1, bytes: 101), at: self.start).error?.code == .overflow)
        #expect(pipeline.submit(self.entry(2, bytes: 60), at: self.start).isSend)
        #expect(pipeline.submit(self.entry(3, bytes: 60), at: self.start).error?.code == .overflow)
        #expect(pipeline.submit(self.entry(4, bytes: 40), at: self.start).isSend)
        #expect(pipeline.submit(self.entry(5, bytes: 0), at: self.start).error?.code == .overflow)
        #expect(pipeline.overflow(commands: 1, bytes: 0)?.code == .overflow)
        _ = pipeline.replied(at: self.start)
        #expect(pipeline.overflow(commands: 1, bytes: 60) == nil)
        #expect(pipeline.overflow(commands: 2, bytes: 60)?.mayHaveExecuted == false)
        #expect(pipeline.submit(self.entry(6, bytes: 60), at: self.start).isSend)
        _ = pipeline.disconnected(RedisError(.connectionClosed, "gone"))
        #expect(pipeline.submit(self.entry(7, bytes: 100), at: self.start).isQueued)
    }

    @Test func `notices a connection that owes replies and is silent`() {
        var pipeline = self.connected(1)
        #expect(!pipeline.isDead(at: self.start + .milliseconds(2_999)))
        #expect(pipeline.isDead(at: self.start + .seconds(3)))
        #expect(pipeline.nextDeadline() == self.start + .seconds(3))
        _ = pipeline.submit(self.entry(2), at: self.start + .seconds(2))
        _ = pipeline.replied(at: self.start + .seconds(2))
        #expect(!pipeline.isDead(at: self.start + .seconds(4)))
        _ = pipeline.replied(at: self.start + .seconds(2))
        #expect(!pipeline.isDead(at: self.start + .seconds(100)))
        #expect(pipeline.nextDeadline() == nil)
    }

    @Test func `takes nothing after it was stopped, but waits for what was sent`() {
        var pipeline = self.connected(1)
        _ = pipeline.stop()
        #expect(pipeline.submit(self.entry(2), at: self.start).error?.code == .connectionClosed)
        #expect(pipeline.replied(at: self.start).name == "r1")
        #expect(pipeline.outstanding == 0)
    }
}

extension CommandPipeline.Submission {
    fileprivate var isSend: Bool { if case .send = self { true } else { false } }
    fileprivate var isQueued: Bool { if case .queued = self { true } else { false } }
    fileprivate var error: RedisError? { if case .refused(let error) = self { error } else { nil } }
}

extension CommandPipeline<String>.Answer {
    fileprivate var name: String? { if case .receiver(let name) = self { name } else { nil } }
    fileprivate var isNobody: Bool { if case .nobody = self { true } else { false } }
    fileprivate var isUnexpected: Bool { if case .unexpected = self { true } else { false } }
}
