import NIOCore

/// What is known about the end of a link, from which its cause is told.
struct BlindEvidence: Equatable {
    /// What the server took in beyond what we know of.
    struct Excess: Equatable {
        let messages: UInt64
        let bytes: UInt64
    }

    /// How the link ended.
    let end: LinkEnd

    /// Longest stall of our own while the server may have been filling the link's output buffer.
    var ownStall: TimeAmount = .zero

    /// Whether connections were refused before there was a link again.
    var wasRefused = false

    /// Whether the server's permissions kept us from subscribing before there was a link again.
    var wasForbidden = false

    /// Whether the successor, too, waited for the server before it was confirmed.
    var successorWaited = false

    /// A stall of our own of this length can fill the server's buffers.
    static let seriousStall = TimeAmount.milliseconds(250)

    /// A single message of this size is what the output-buffer limit (32 MiB by default) is reached by.
    static let hugeMessage: UInt64 = 8 << 20

    /// A window that was never measured.
    func window(from start: NIODeadline, to end: NIODeadline) -> BlindWindow {
        let cause = self.cause(before: nil, after: nil, excess: nil)
        return BlindWindow(start: start, end: end, cause: cause, missed: .unknown(.notMeasured))
    }

    /// The cause, as far as the evidence goes.
    ///
    /// - Parameters:
    ///   - before: the server's counters from before the window.
    ///   - after: the server's counters from after it.
    ///   - excess: what the server took in meanwhile beyond what we know of.
    func cause(before: ServerSample?, after: ServerSample?, excess: Excess?) -> BlindCause {
        switch self.end {
        case .silent: return self.successorWaited ? .serverSilent : .blackHole
        case .deaf: return .deaf
        case .protocolViolation: return .protocolViolation
        case .closed, .broken, .connectionRefused, .connectFailed, .refused: break
        }
        if let before, let after {
            if before.runID != after.runID { return .serverRestarted }
            if Self.rose(from: before.outputBufferCuts, to: after.outputBufferCuts) { return self.overrun(excess) }
            if after.killCalls > before.killCalls { return .killed }
        }
        if self.wasForbidden { return .accessRevoked }
        if self.wasRefused { return .serverGone }
        return self.causeWithoutCounters(excess)
    }

    private func causeWithoutCounters(_ excess: Excess?) -> BlindCause {
        switch self.end {
        case .closed(let midFrame, let announced):
            if self.ownStall >= Self.seriousStall { return .ownStall }
            if midFrame || Self.isHuge(excess) || UInt64(announced ?? 0) >= Self.hugeMessage {
                return self.overrun(excess)
            }
            return .closedByServer
        case .broken:
            // A server that cuts a client whose PING it has not read yet resets the connection instead of ending it.
            return Self.isHuge(excess) ? self.overrun(excess) : .connectionBroken
        case .connectionRefused: return .serverGone
        case .connectFailed: return .serverSilent
        case .refused: return .accessRevoked
        case .silent, .deaf, .protocolViolation:
            preconditionFailure("these are their own causes and never get here")
        }
    }

    private func overrun(_ excess: Excess?) -> BlindCause {
        if self.ownStall >= Self.seriousStall { return .ownStall }
        if case .closed(_, let announced?) = self.end, UInt64(announced) >= Self.hugeMessage { return .oversizePublish }
        return Self.isHuge(excess) ? .oversizePublish : .outputBufferOverrun
    }

    /// Whether what is missing was, on average, far larger than any event may be.
    private static func isHuge(_ excess: Excess?) -> Bool {
        guard let excess, excess.messages > 0 else { return false }
        return excess.bytes >= Self.hugeMessage && excess.bytes / excess.messages >= 1 << 20
    }

    private static func rose(from before: UInt64?, to after: UInt64?) -> Bool {
        guard let before, let after else { return false }
        return after > before
    }
}
