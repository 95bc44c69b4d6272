import RedisClient
import SeededRandom

/// What a scanner found, as owned values that can be compared.
enum Found: Equatable {
    case reply(RedisReply)
    case oversize(pattern: [UInt8], channel: [UInt8], length: Int64, prefix: [UInt8])
}

struct ScanResult: Equatable {
    var found: [Found] = []
    var violation: FrameViolation?

    var replies: [RedisReply] {
        self.found.compactMap { found in
            if case .reply(let reply) = found { reply } else { nil }
        }
    }
}

/// Runs a scanner over the pieces, each in memory of exactly its size that is gone before the next one comes.
func scan(_ pieces: [ArraySlice<UInt8>], limits: FrameLimits = FrameLimits()) -> ScanResult {
    var scanner = FrameScanner(limits: limits)
    var result = ScanResult()
    for piece in pieces {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: piece.count, alignment: 1)
        defer { memory.deallocate() }
        memory.copyBytes(from: piece)
        scanner.feed(UnsafeRawBufferPointer(memory))
        do throws(FrameViolation) {
            while let frame = try scanner.next() { result.found.append(Found(frame)) }
        } catch {
            result.violation = error
            return result
        }
    }
    return result
}

func scan(_ bytes: [UInt8], limits: FrameLimits = FrameLimits()) -> ScanResult {
    scan([bytes[...]], limits: limits)
}

func scan(_ text: String, limits: FrameLimits = FrameLimits()) -> ScanResult {
    scan(Array(text.utf8), limits: limits)
}

extension Found {
    init(_ frame: ScannedFrame) {
        if let reply = RedisReply(frame) {
            self = .reply(reply)
        } else {
            self = .oversize(
                pattern: Array(frame.pattern),
                channel: Array(frame.channel),
                length: frame.integer,
                prefix: Array(frame.payload)
            )
        }
    }
}

extension [UInt8] {
    /// The bytes in pieces of random sizes.
    func cut(using random: inout SplitMix64, longest: Int) -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        var rest = self[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 1...longest, using: &random))
            pieces.append(piece)
            rest = rest.dropFirst(piece.count)
        }
        return pieces
    }
}
