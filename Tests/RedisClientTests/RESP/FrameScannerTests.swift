import RedisClient
import Testing

@Suite struct `The frame scanner` {
    @Test func `gives a message as views into the read and tells what may be read behind it`() throws {
        let bytes = Array("*3\r\n$7\r\nmessage\r\n$10\r\naos.events\r\n$2\r\n{}\r\n+more\r\n".utf8)
        try bytes.withUnsafeBytes { read in
            var scanner = FrameScanner()
            scanner.feed(read, slack: 10)
            let frame = try #require(try scanner.next())
            #expect(frame.kind == .message)
            #expect(frame.channel.equals("aos.events"))
            #expect(frame.payload.equals("{}"))
            let base = try #require(frame.payload.baseAddress)
            #expect(base > UnsafeRawPointer(try #require(read.baseAddress)))
            #expect(frame.readable == 2 + 2 + 7 + 10)
            let second = try scanner.next()
            #expect(second?.kind == .simple)
            let third = try scanner.next()
            #expect(third == nil)
        }
    }

    @Test func `leaves readable bytes behind a frame that straddled two reads`() throws {
        let bytes = Array("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\n{}\r\n".utf8)
        var scanner = FrameScanner()
        try bytes[..<20].withUnsafeBytes { read in
            scanner.feed(read)
            let frame = try scanner.next()
            #expect(frame == nil)
        }
        try bytes[20...].withUnsafeBytes { read in
            scanner.feed(read)
            let frame = try #require(try scanner.next())
            #expect(frame.payload.equals("{}"))
            #expect(frame.readable >= frame.payload.count + 64)
        }
    }

    @Test func `knows confirmations, also of nothing`() throws {
        let stream =
            "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$12\r\npunsubscribe\r\n$-1\r\n:0\r\n*2\r\n$4\r\npong\r\n$2\r\nhi\r\n"
        var kinds: [ScannedFrame.Kind] = []
        try Array(stream.utf8).withUnsafeBytes { read in
            var scanner = FrameScanner()
            scanner.feed(read)
            while let frame = try scanner.next() {
                kinds.append(frame.kind)
                if frame.kind == .subscribed { #expect(frame.channel.equals("a") && frame.integer == 1) }
                if frame.kind == .pong { #expect(frame.payload.equals("hi")) }
            }
        }
        #expect(kinds == [.subscribed, .patternUnsubscribed, .pong])
    }

    @Test func `skips 29 MiB with a carry of a few bytes and goes on with the next event`() throws {
        let head = Array("*3\r\n$7\r\nmessage\r\n$3\r\nbig\r\n$\(29 << 20)\r\n".utf8)
        let chunk = [UInt8](repeating: UInt8(ascii: "x"), count: 65_536)
        let tail = Array("\r\n*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$4\r\nnext\r\n".utf8)
        var pieces = [head[...]]
        pieces += Array(repeating: chunk[...], count: (29 << 20) / chunk.count)
        pieces += [tail[...]]
        let result = scan(pieces)
        #expect(
            result.found == [
                .oversize(
                    pattern: [],
                    channel: Array("big".utf8),
                    length: 29 << 20,
                    prefix: [UInt8](repeating: UInt8(ascii: "x"), count: 256)
                ),
                .reply(.array([.bulk(Array("message".utf8)), .bulk(Array("a".utf8)), .bulk(Array("next".utf8))])),
            ]
        )
        #expect(result.violation == nil)
    }

    @Test func `takes an event of exactly the limit and skips one of a byte more`() {
        var limits = FrameLimits()
        limits.maxEventBytes = 5
        let stream =
            "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$5\r\n12345\r\n*4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$1\r\na\r\n$6\r\n123456\r\n"
        let result = scan(stream, limits: limits)
        #expect(result.found.count == 2)
        #expect(
            result.found.last
                == .oversize(
                    pattern: Array("*".utf8),
                    channel: Array("a".utf8),
                    length: 6,
                    prefix: Array("123456".utf8)
                )
        )
    }

    @Test(arguments: [
        ("!oops\r\n", FrameViolation.unknownType(0x21)),
        ("HTTP/1.1 400 Bad Request\r\n", .unknownType(0x48)),
        ("$3\r\nabcXY", .missingTerminator),
        ("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\n{}\rX", .missingTerminator),
        ("+a\nb\r\n", .missingTerminator),
        ("+a\rb\r\n", .missingTerminator),
        ("$9223372036854775807\r\n", .bulkTooLong(length: .max, limit: 1_048_576)),
        ("$99999999999999999999\r\n", .malformedNumber),
        ("$-2\r\n", .malformedNumber),
        ("$007\r\n", .malformedNumber),
        (":-0\r\n", .malformedNumber),
        (":+1\r\n", .malformedNumber),
        (":\r\n", .malformedNumber),
        (":111111111111111111111111", .lineTooLong(limit: 20)),
        ("*1152921504606846976\r\n", .tooManyElements(limit: 64)),
        ("*100000000\r\n", .tooManyElements(limit: 64)),
        ("*2\r\n*63\r\n:1\r\n", .tooManyElements(limit: 64)),
        ("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", .tooDeep(limit: 4)),
        ("*3\r\n$7\r\nmessage\r\n$70000\r\n", .bulkTooLong(length: 70_000, limit: 65_536)),
        ("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$536870913\r\n", .bulkTooLong(length: 536_870_913, limit: 536_870_912)),
        ("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n:5\r\n", .unknownType(0x3A)),
    ])
    func `refuses what is not RESP2 within the limits`(stream: String, violation: FrameViolation) {
        #expect(scan(stream).violation == violation)
        #expect(scan(Array(stream.utf8).map { [$0][...] }).violation == violation)
        #expect(scan("+before\r\n" + stream + "+after\r\n").replies == [.simple("before")])
    }

    @Test func `refuses an endless line once it is longer than the limit`() {
        let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 30_000)
        let result = scan([Array("+".utf8)[...], piece[...], piece[...], piece[...]])
        #expect(result.violation == .lineTooLong(limit: 65_536))
    }

    @Test func `checks the terminator of what it skipped`() {
        var limits = FrameLimits()
        limits.maxEventBytes = 4
        let stream = "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$6\r\n123456XY"
        #expect(scan(stream, limits: limits).violation == .missingTerminator)
    }

    @Test func `says the same violation ever after`() {
        var scanner = FrameScanner()
        for _ in 0..<3 {
            Array("!\r\n".utf8).withUnsafeBytes { read in
                scanner.feed(read)
                for _ in 0..<2 {
                    var seen: FrameViolation?
                    do throws(FrameViolation) { _ = try scanner.next() } catch { seen = error }
                    #expect(seen == .unknownType(0x21))
                }
            }
        }
    }
}
