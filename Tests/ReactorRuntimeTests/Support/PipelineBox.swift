import Events
import Reactions
import ReactorRuntime
import RedisClient

/// A pipeline without a loop, fed with messages as they stand in a receive buffer.
final class PipelineBox {
    static let channel = "aos.events"

    let port = RecordingPort()
    let clock = TestClock()
    var pipeline: EventPipeline

    init(
        _ entries: [HandlerEntry],
        ring: Int = 1 << 20,
        policy: OverflowPolicy = .dropOldest,
        limits: DecoderLimits = DecoderLimits()
    ) {
        var number = 0
        self.pipeline = EventPipeline(
            routes: RouteTable(entries),
            limits: limits,
            ring: FrameRing(capacity: ring, policy: policy),
            port: self.port,
            clock: self.clock.clock
        ) {
            number += 1
            return "alert-\(number)"
        }
    }

    var counters: PipelineCounters { self.pipeline.counters.settled }

    /// Gives the pipeline the messages of one read.
    ///
    /// - Returns: Whether the ring holds frames afterwards.
    @discardableResult
    func receive(_ payloads: [[UInt8]], channel: String = PipelineBox.channel) -> Bool {
        let bytes = payloads.flatMap { Self.message($0, channel: channel) }
        return bytes.withUnsafeBytes { bytes in
            var batch = MessageBatch(reading: bytes)
            return self.pipeline.receive(&batch)
        }
    }

    @discardableResult
    func receive(_ texts: String...) -> Bool { self.receive(texts.map { Array($0.utf8) }) }

    /// Handles frames from the ring for one stretch.
    ///
    /// - Returns: Whether it holds more.
    func drain() -> Bool { self.pipeline.drain() }

    /// Drains the ring to the end, or until the pipeline pauses.
    func drainAll() {
        while self.drain() {}
    }

    /// Keeps the pipeline busy without a pause until it takes it that it is behind. From then on what is received goes to
    /// the ring, until that is drained.
    ///
    /// - Returns: How many events, which no handler wants, that took; the last one is in the ring.
    @discardableResult
    func fallBehind() -> Int {
        var fillers = 1
        while !self.receive([Self.event("filler")]) {
            fillers += 1
            self.clock.advance(by: .microseconds(10))
            precondition(fillers < 10_000, "it never falls behind")
        }
        return fillers
    }

    static func event(_ type: String, payload: String = "{}", more: String = "") -> [UInt8] {
        Array(
            #"{"event_type": "\#(type)", "timestamp": "2026-11-21T00:40:00+00:00", "payload": \#(payload)\#(more)}"#
                .utf8
        )
    }

    private static func message(_ payload: [UInt8], channel: String) -> [UInt8] {
        Array("*3\r\n$7\r\nmessage\r\n$\(channel.utf8.count)\r\n\(channel)\r\n$\(payload.count)\r\n".utf8)
            + payload + Array("\r\n".utf8)
    }
}

extension PipelineCounters {
    /// What was counted for handlers, by the labels that a snapshot would give them.
    func succeeded(_ routes: RouteTable) -> [String: UInt64] { self.named(self.succeeded, routes) }

    func failed(_ routes: RouteTable) -> [String: UInt64] { self.named(self.failed, routes) }

    private func named(_ counts: [UInt64], _ routes: RouteTable) -> [String: UInt64] {
        var named: [String: UInt64] = [:]
        for (slot, label) in routes.slotLabels.enumerated() where counts[slot] > 0 {
            named["\(routes.entries[label.handler].name)/\(routes.types.names[label.type])", default: 0] += counts[slot]
        }
        return named
    }
}
