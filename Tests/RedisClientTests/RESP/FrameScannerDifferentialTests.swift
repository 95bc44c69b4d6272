import RedisClient
import SeededRandom
import Testing

@Suite struct `The frame scanner beside hiredis` {
    @Test(arguments: 0..<40 as Range<UInt64>)
    func `finds what hiredis finds, wherever a stream is cut in two`(seed: UInt64) {
        var stream = RESPStream(seed: seed)
        stream.append(frames: 12, longestPayload: 60)
        let expected = Hiredis.parse(stream.bytes)
        #expect(expected.error == nil)
        #expect(!expected.replies.isEmpty)
        for cut in 0...stream.bytes.count {
            let result = scan([stream.bytes[..<cut], stream.bytes[cut...]])
            guard result.replies == expected.replies, result.violation == nil else {
                Issue.record("seed \(seed), cut at \(cut): \(result)")
                return
            }
        }
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func `finds what hiredis finds in pieces of any size`(seed: UInt64) {
        var stream = RESPStream(seed: seed &+ 1_000)
        stream.append(frames: 60, longestPayload: 700)
        let expected = Hiredis.parse(stream.bytes).replies
        var random = SplitMix64(seed: seed)
        for longest in [1, 2, 7, 64, 65, 300, 4_096] {
            let result = scan(stream.bytes.cut(using: &random, longest: longest))
            #expect(result.replies == expected, "pieces of up to \(longest) bytes")
            #expect(result.violation == nil)
        }
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `skips oversize events and finds everything else, wherever a stream is cut in two`(seed: UInt64) {
        var stream = RESPStream(seed: seed &+ 2_000)
        stream.append(frames: 14, longestPayload: 90)
        var limits = FrameLimits()
        limits.maxEventBytes = 40
        limits.prefixBytes = 16
        // Bulks outside of events would be violations: streams that hold none are enough.
        let whole = scan(stream.bytes, limits: limits)
        guard whole.violation == nil else { return }
        let kept = Hiredis.parse(stream.bytes).replies.filter { reply in
            guard let elements = reply.elements, let kind = elements.first?.text else { return true }
            return !["message", "pmessage"].contains(kind) || (elements.last?.bytes?.count ?? 0) <= 40
        }
        #expect(whole.replies == kept)
        for cut in 0...stream.bytes.count {
            let result = scan([stream.bytes[..<cut], stream.bytes[cut...]], limits: limits)
            guard result == whole else {
                Issue.record("seed \(seed), cut at \(cut): \(result)")
                return
            }
        }
    }

    @Test(arguments: 0..<400 as Range<UInt64>)
    func `never finds a frame in damaged streams that hiredis does not find`(seed: UInt64) {
        var stream = RESPStream(seed: seed &+ 3_000)
        stream.append(frames: 10, longestPayload: 60)
        var random = SplitMix64(seed: seed)
        for _ in 0..<20 {
            let damaged = Self.damage(stream.bytes, using: &random)
            let expected = Hiredis.parse(damaged)
            let result = scan(damaged)
            // The scanner may give up sooner: it checks terminators and limits that hiredis does not.
            #expect(result.replies.elementsEqual(expected.replies.prefix(result.replies.count)))
            if result.violation == nil { #expect(result.replies == expected.replies && expected.error == nil) }
            let pieces = scan(damaged.cut(using: &random, longest: 40))
            #expect(pieces == result)
        }
    }

    private static func damage(_ bytes: [UInt8], using random: inout SplitMix64) -> [UInt8] {
        var damaged = bytes
        for _ in 0...Int.random(in: 0..<3, using: &random) {
            let at = Int.random(in: 0..<damaged.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: damaged.remove(at: at)
            case 1: damaged[at] = UInt8.random(in: 0...255, using: &random)
            case 2: damaged.insert(Array("0123456789-+:$*\r\n".utf8).randomElement(using: &random) ?? 0, at: at)
            default: damaged[at] = Array("0123456789-+:$*\r\n".utf8).randomElement(using: &random) ?? 0
            }
        }
        return damaged
    }
}
