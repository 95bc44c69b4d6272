import RedisClient
import SeededRandom
import Testing

@Suite struct `The reply decoder` {
    /// What comes out of these pieces, each in memory of its own.
    private func decode(
        _ pieces: [ArraySlice<UInt8>],
        limits: ReplyLimits = ReplyLimits()
    ) -> (replies: [RedisReply], error: RedisError?) {
        let decoder = ReplyDecoder(limits: limits)
        var replies: [RedisReply] = []
        for piece in pieces {
            let failure = Array(piece).withUnsafeBytes { bytes -> RedisError? in
                do throws(RedisError) {
                    try decoder.decode(bytes) { reply in replies.append(reply) }
                    return nil
                } catch {
                    return error
                }
            }
            if let failure { return (replies, failure) }
        }
        return (replies, nil)
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `gives the replies that hiredis' own objects hold, in pieces of any size`(seed: UInt64) {
        var stream = RESPStream(seed: seed)
        stream.append(frames: 20, longestPayload: 20_000)
        let expected = Hiredis.parse(stream.bytes).replies
        var random = SplitMix64(seed: seed)
        for longest in [50, 16_384, 70_000] {
            let result = self.decode(stream.bytes.cut(using: &random, longest: longest))
            #expect(result.error == nil)
            #expect(result.replies == expected, "pieces of up to \(longest) bytes")
        }
    }

    @Test(arguments: [
        ("$9223372036854775807\r\n", "bulkTooLong"),
        ("*2\r\n:1\r\n$99999999\r\n", "bulkTooLong"),
        ("*1000001\r\n", "tooManyElements"),
        ("*999999\r\n*2\r\n", "tooManyElements"),
        ("$3\r\nabcXY", "missingTerminator"),
        ("$11111111111111111111111111", "malformedNumber"),
        ("!oops\r\n", "not RESP2"),
    ])
    func `refuses what is not RESP2 or asks for too much`(stream: String, reason: String) {
        for pieces in [[Array(stream.utf8)[...]], Array(stream.utf8).map { [$0][...] }] {
            let result = self.decode(pieces)
            #expect(result.error?.code == .protocolViolation)
            #expect(result.error?.message.contains(reason) == true, "\(result)")
        }
    }

    @Test func `refuses an endless line and an array that adds up to too much`() {
        let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 30_000)
        let line = self.decode([Array("+".utf8)[...], piece[...], piece[...], piece[...]])
        #expect(line.error?.message.contains("lineTooLong") == true)

        var limits = ReplyLimits()
        limits.maxReplyBytes = 1_000
        let element = Array("$600\r\n".utf8) + piece.prefix(600) + Array("\r\n".utf8)
        let array = self.decode([Array("*2\r\n".utf8)[...], element[...], element[...]], limits: limits)
        #expect(array.error?.message.contains("bulkTooLong") == true)
        // One by one they are as large as they may be.
        #expect(self.decode([element[...], element[...]], limits: limits).replies.count == 2)
    }

    @Test func `names the errors of a server`() {
        let names: [(String, RedisError.Code)] = [
            ("LOADING Redis is loading the dataset in memory", .loading),
            ("READONLY You can't write against a read only replica.", .readOnly),
            ("NOAUTH Authentication required.", .noAuth),
            ("WRONGPASS invalid username-password pair or user is disabled.", .wrongPassword),
            ("NOPERM this user has no permissions", .noPermission), ("MOVED 3999 127.0.0.1:6381", .moved),
            ("NOSCRIPT No matching script. Please use EVAL.", .noScript), ("ERR unknown command", .server),
        ]
        let stream = names.map { "-\($0.0)\r\n" }.joined()
        let result = self.decode([Array(stream.utf8)[...]])
        #expect(result.replies.map(\.error?.code) == names.map(\.1))
        #expect(result.replies.first?.error?.message == names[0].0)
    }
}
