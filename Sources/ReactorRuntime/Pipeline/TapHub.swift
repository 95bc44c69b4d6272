package import EventPatterns
package import Events

/// Those who watch events pass, and what they are shown: one line of JSON an event, with what each handler did.
///
/// Exact, not sampled: a watcher that reads too slowly misses lines, and the next line it gets says how many.
package struct TapHub {
    /// Lines that wait for a slow watcher.
    private static let bufferedLines = 4096

    private struct Watcher {
        var id: Int
        var patterns: [TypePattern]
        var lines: AsyncStream<[UInt8]>.Continuation
        var missed: UInt64 = 0
    }

    /// What became of an event at one handler.
    package struct Outcome {
        package var handler: String
        /// `ok`, `failed`, `queued`, or the reactions: `alert`, `publish`, `log`.
        package var did: String
    }

    private var watchers: [Watcher] = []
    private var nextID = 0

    package init() {}

    package var isEmpty: Bool { self.watchers.isEmpty }

    /// Adds a watcher of the types that some pattern accepts; of all types without a pattern.
    ///
    /// - Parameter onEnd: called from any thread with the watcher's number when it no longer reads.
    package mutating func add(
        _ patterns: [TypePattern],
        onEnd: @escaping @Sendable (Int) -> Void
    ) -> AsyncStream<[UInt8]> {
        let (lines, continuation) = AsyncStream.makeStream(
            of: [UInt8].self,
            bufferingPolicy: .bufferingOldest(Self.bufferedLines)
        )
        self.nextID += 1
        let id = self.nextID
        continuation.onTermination = { _ in onEnd(id) }
        self.watchers.append(Watcher(id: id, patterns: patterns, lines: continuation))
        return lines
    }

    package mutating func remove(_ id: Int) {
        self.watchers.removeAll { $0.id == id }
    }

    package mutating func finish() {
        for watcher in self.watchers { watcher.lines.finish() }
        self.watchers = []
    }

    /// Whether somebody wants to see events of this type.
    package func wants(_ eventType: ByteView) -> Bool {
        self.watchers.contains { Self.accepts($0, eventType) }
    }

    package mutating func show(_ envelope: Envelope, arrival: UInt64, channel: String, outcomes: [Outcome]) {
        for index in self.watchers.indices where Self.accepts(self.watchers[index], envelope.eventType) {
            let line = Self.line(envelope, arrival, channel, outcomes, missed: self.watchers[index].missed)
            if case .dropped = self.watchers[index].lines.yield(line) {
                self.watchers[index].missed += 1
            } else {
                self.watchers[index].missed = 0
            }
        }
    }

    private static func accepts(_ watcher: Watcher, _ eventType: ByteView) -> Bool {
        watcher.patterns.isEmpty || watcher.patterns.contains { $0.accepts(eventType) }
    }

    private static func line(
        _ envelope: Envelope,
        _ arrival: UInt64,
        _ channel: String,
        _ outcomes: [Outcome],
        missed: UInt64
    ) -> [UInt8] {
        let head: JSONValue = [
            "arrival": .number(String(arrival)),
            "arrived_at": .string(envelope.arrivedAt.iso8601),
            "channel": .string(channel),
            "event_type": .string(envelope.eventType.string),
            "timestamp": .string(envelope.timestamp.iso8601),
            "source": .string(envelope.source.string),
            "missed_before": .number(String(missed)),
            "handlers": .array(outcomes.map { ["handler": .string($0.handler), "did": .string($0.did)] }),
        ]
        var bytes: [UInt8] = []
        head.write(into: &bytes)
        // The payload goes in as it came: last, in place of the closing brace.
        bytes.removeLast()
        bytes += Array(",\"payload\":".utf8)
        bytes += envelope.hadNonFiniteNumber ? Array("null".utf8) : envelope.payload.bytes
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }
}
