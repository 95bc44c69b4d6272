import Glibc
import SeededRandom

/// What libFuzzer calls with every input: byte 0 chooses the limits, byte 1 how the rest is cut into reads.
///
/// Three things must hold for any bytes: no memory is touched that was not given (AddressSanitizer sees to that, each
/// read lies in memory of exactly its size), the cut makes no difference, and no frame is found that hiredis does not
/// find.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count >= 2 else { return 0 }
    let stream = Array(UnsafeBufferPointer(start: start + 2, count: count - 2))
    let limits = chosenLimits(start[0])
    let whole = scan(stream, limits: limits)
    var random = SplitMix64(seed: UInt64(start[1] >> 3))
    let cut = stream.cut(using: &random, longest: [1, 2, 5, 17, 63, 64, 65, 200][Int(start[1] & 7)])
    guard scan(cut, limits: limits) == whole else { fatalError("the cut makes a difference") }
    if !announcesManyElements(stream) { checkAgainstHiredis(whole, stream) }
    return 0
}

/// hiredis takes memory for as many elements as an array announces: not here.
private func announcesManyElements(_ stream: [UInt8]) -> Bool {
    stream.split(separator: UInt8(ascii: "*")).contains { rest in rest.prefix(5).count { $0 >= 0x30 && $0 <= 0x39 } > 4
    }
}

private func chosenLimits(_ choice: UInt8) -> FrameLimits {
    var limits = FrameLimits()
    guard choice & 1 == 1 else { return limits }
    limits.maxEventBytes = 8 + Int(choice >> 4)
    limits.prefixBytes = Int(choice >> 1 & 7)
    limits.maxNameBytes = 24
    limits.maxLineBytes = 24
    limits.maxSkippedBytes = 1_000
    return limits
}

private func checkAgainstHiredis(_ whole: ScanResult, _ stream: [UInt8]) {
    let expected = Hiredis.parse(stream).replies
    // hiredis knows no oversize events: each stands for one of its replies.
    guard whole.found.count <= expected.count + 1 else { fatalError("more frames than hiredis finds") }
    for (found, reply) in zip(whole.found, expected) {
        guard case .reply(let ours) = found else { continue }
        guard ours == reply else { fatalError("another frame than hiredis finds") }
    }
    let isWhole = whole.violation == nil && whole.found.count == whole.replies.count
    guard !isWhole || whole.replies == expected else { fatalError("fewer frames than hiredis finds") }
}
