/// Feeds random bytes to the frame scanner once whole and once in random pieces: it must neither fail nor read where it
/// may not, and both ways must find the same frames and no other violation.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 1 else { return 0 }
    // The first byte decides how the rest is cut.
    let bytes = UnsafeRawBufferPointer(start: start + 1, count: count - 1)
    var limits = FrameLimits()
    limits.maxEventBytes = 64
    let whole = scan([bytes], limits)
    let pieces = scan(cut(bytes, seed: start[0]), limits)
    // Within a frame that is not complete yet, a violation may be seen one read later.
    let agree = whole.violation == nil || pieces.violation == nil || whole.violation == pieces.violation
    guard whole.frames == pieces.frames, agree else {
        // Not `precondition`: that one keeps its message to itself in an optimised build.
        fatalError("the cut changes what is found: \(whole) or \(pieces)")
    }
    return 0
}

private struct Found: Equatable {
    let kind: UInt8
    let parts: [[UInt8]]
    let integer: Int64
}

private func scan(
    _ pieces: [UnsafeRawBufferPointer],
    _ limits: FrameLimits
) -> (frames: [Found], violation: FrameViolation?) {
    var scanner = FrameScanner(limits: limits)
    var frames: [Found] = []
    do {
        for piece in pieces {
            // A copy of its own for each piece: reading past it is seen by the address sanitizer.
            try withUnsafeTemporaryAllocation(byteCount: piece.count, alignment: 1) { copy in
                copy.copyMemory(from: piece)
                scanner.feed(UnsafeRawBufferPointer(copy))
                while let frame = try scanner.next() {
                    frames.append(
                        Found(
                            kind: frame.kind.rawValue,
                            parts: [Array(frame.pattern), Array(frame.channel), Array(frame.payload)],
                            integer: frame.integer
                        )
                    )
                }
            }
        }
        return (frames, nil)
    } catch {
        return (frames, error as? FrameViolation)
    }
}

private func cut(_ bytes: UnsafeRawBufferPointer, seed: UInt8) -> [UnsafeRawBufferPointer] {
    var pieces: [UnsafeRawBufferPointer] = []
    var rest = bytes[...]
    var state = UInt32(seed) | 1
    while !rest.isEmpty {
        // xorshift32: cheap, and the same for the same input.
        state ^= state << 13
        state ^= state >> 17
        state ^= state << 5
        let length = 1 + Int(state % 24)
        pieces.append(UnsafeRawBufferPointer(rebasing: rest.prefix(length)))
        rest = rest.dropFirst(length)
    }
    return pieces
}
