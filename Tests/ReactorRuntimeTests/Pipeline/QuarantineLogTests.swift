import Events
import ReactorRuntime
import Testing

@Suite struct QuarantineLogTests {
    private func add(
        _ frame: [UInt8],
        _ reason: QuarantineReason,
        length: Int? = nil,
        at: Int64,
        to log: inout QuarantineLog
    ) {
        frame.withUnsafeBytes {
            log.add(
                reason,
                frame: ByteView($0),
                length: length ?? frame.count,
                channel: "aos.events",
                arrivedAt: Timestamp(microseconds: at)
            )
        }
    }

    @Test func `the last thousand are kept, the newest first, and all are counted`() {
        var log = QuarantineLog()
        for number in 0..<2500 { self.add(Array("\(number)".utf8), .notAnObject, at: Int64(number), to: &log) }
        #expect(log.total == 2500)
        let newest = log.newest(10_000)
        #expect(newest.count == 1000)
        #expect(newest.first?.prefix == Array("2499".utf8) && newest.last?.prefix == Array("1500".utf8))
        #expect(log.newest(3).map(\.arrivedAt.microseconds) == [2499, 2498, 2497])
        #expect(log.newest(0).isEmpty && log.newest(-5).isEmpty)
    }

    @Test func `of a frame the first 256 bytes and the whole length are kept`() {
        var log = QuarantineLog()
        self.add([UInt8](repeating: 1, count: 255), .notJSON, at: 1, to: &log)
        self.add([UInt8](repeating: 2, count: 257), .notJSON, at: 2, to: &log)
        self.add([UInt8](repeating: 3, count: 256), .oversize, length: 2_000_000, at: 3, to: &log)
        #expect(log.newest(3).map(\.prefix.count) == [256, 256, 255])
        #expect(log.newest(3).map(\.length) == [2_000_000, 257, 255])
    }

    @Test func `each reason has a count of its own`() {
        var log = QuarantineLog()
        for (index, reason) in QuarantineReason.allCases.enumerated() {
            for _ in 0...index { self.add([], reason, at: 0, to: &log) }
        }
        #expect(log.counts == (1...QuarantineReason.allCases.count).map { UInt64($0) })
    }
}
