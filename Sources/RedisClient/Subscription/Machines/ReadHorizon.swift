import NIOCore

/// Remembers until when everything that the server had sent on one link was certainly read.
///
/// A link that is cut because it was not read for long still delivers what the kernel had taken before, and then ends.
/// The last read before such an end is recent but its messages are old: so the horizon is the last time at which a read
/// emptied the socket and the link went on afterwards.
struct ReadHorizon {
    private var last: NIODeadline
    private var beforeLast: NIODeadline

    /// An end that follows a read this closely was waiting behind it.
    static let togetherness = TimeAmount.milliseconds(20)

    init(at now: NIODeadline) {
        self.last = now
        self.beforeLast = now
    }

    /// A run of reads is over.
    ///
    /// - Parameter drained: whether it emptied the socket.
    mutating func read(at now: NIODeadline, drained: Bool) {
        guard drained else { return }
        self.beforeLast = self.last
        self.last = now
    }

    /// The horizon of a link that has ended now.
    func horizon(endedAt now: NIODeadline) -> NIODeadline {
        now - self.last < Self.togetherness ? self.beforeLast : self.last
    }
}
