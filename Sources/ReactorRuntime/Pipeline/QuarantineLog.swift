import DequeModule
package import Events

/// The last frames that were not events, and how many there were of each kind.
package struct QuarantineLog {
    /// How many entries are kept.
    package static let capacity = 1000
    /// How many bytes of a frame are kept.
    package static let prefixLength = 256

    private var entries: Deque<QuarantineEntry> = []
    package private(set) var counts = [UInt64](repeating: 0, count: QuarantineReason.allCases.count)

    package init() {}

    package var total: UInt64 { self.counts.reduce(0, +) }

    /// - Parameter length: bytes of the whole frame, of which `frame` may be only the beginning.
    package mutating func add(
        _ reason: QuarantineReason,
        frame: ByteView,
        length: Int,
        channel: String,
        arrivedAt: Timestamp
    ) {
        if let index = QuarantineReason.allCases.firstIndex(of: reason) {
            self.counts[index] += 1
        }
        if self.entries.count == Self.capacity { self.entries.removeFirst() }
        self.entries.append(
            QuarantineEntry(
                reason: reason.rawValue,
                arrivedAt: arrivedAt,
                channel: channel,
                length: length,
                prefix: frame.prefix(Self.prefixLength).bytes
            )
        )
    }

    package var last: QuarantineEntry? { self.entries.last }

    /// The newest first.
    package func newest(_ limit: Int) -> [QuarantineEntry] { Array(self.entries.suffix(max(0, limit)).reversed()) }
}
