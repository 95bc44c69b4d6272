import DequeModule
import NIOCore

/// The commands that wait for a connection and those that wait for their reply, in order.
///
/// A value without I/O, generic over what is handed back. The one rule that everything else serves: replies come in the
/// order of the commands, so a command that was sent keeps its place until its reply has come, even when nobody waits
/// for it any more.
struct CommandPipeline<Receiver> {
    struct Limits: Sendable, Equatable {
        /// Most commands that wait for a connection or a reply.
        var commands = 65_536
        /// Most formatted bytes of those commands.
        var bytes = 64 * 1_048_576
        /// A connection with commands outstanding that brings not a byte for this long is given up.
        var silence = TimeAmount.seconds(3)
    }

    struct Entry {
        let id: UInt64
        let encoded: [UInt8]
        let deadline: NIODeadline
        /// Whether the command may wait for a connection; otherwise it fails at once when there is none.
        let waitsForConnection: Bool
        var receiver: Receiver?
    }

    enum Submission {
        /// Write the bytes now.
        case send
        /// Nothing to do: the command waits for a connection.
        case queued
        /// Hand this error back.
        case refused(RedisError)
    }

    private struct Sent {
        let id: UInt64
        let cost: Int
        let deadline: NIODeadline
        let sentAt: NIODeadline
        var receiver: Receiver?
    }

    private enum Link {
        case down(RedisError)
        case up
        case stopped
    }

    private let limits: Limits
    private var link: Link
    private var waiting: Deque<Entry> = []
    private var sent: Deque<Sent> = []
    private var bytes = 0
    private var lastHeard = NIODeadline.uptimeNanoseconds(0)

    init(limits: Limits) {
        self.limits = limits
        self.link = .down(RedisError(.connectionClosed, "not connected yet"))
    }

    /// Commands that wait for a connection or for a reply.
    var outstanding: Int { self.waiting.count + self.sent.count }

    var isConnected: Bool {
        if case .up = self.link { true } else { false }
    }

    // MARK: Commands come

    /// Why so many commands of so many bytes together cannot be taken; nil when they can.
    func overflow(commands: Int, bytes: Int) -> RedisError? {
        let fits =
            self.outstanding + commands <= self.limits.commands && self.bytes + bytes <= self.limits.bytes
        guard !fits else { return nil }
        return RedisError(
            .overflow,
            "\(self.outstanding) commands (\(self.bytes) bytes) are outstanding and \(commands) (\(bytes) bytes) more "
                + "asked for; allowed: \(self.limits.commands) (\(self.limits.bytes) bytes)"
        )
    }

    mutating func submit(_ entry: Entry, at now: NIODeadline) -> Submission {
        if let error = self.overflow(commands: 1, bytes: entry.encoded.count) { return .refused(error) }
        switch self.link {
        case .up:
            self.bytes += entry.encoded.count
            self.append(entry, at: now)
            return .send
        case .down(let error) where error.needsOperator || !entry.waitsForConnection:
            return .refused(error)
        case .down:
            self.bytes += entry.encoded.count
            self.waiting.append(entry)
            return .queued
        case .stopped:
            return .refused(RedisError(.connectionClosed, "the client is stopped"))
        }
    }

    private mutating func append(_ entry: Entry, at now: NIODeadline) {
        self.sent.append(
            Sent(
                id: entry.id,
                cost: entry.encoded.count,
                deadline: entry.deadline,
                sentAt: now,
                receiver: entry.receiver
            )
        )
    }

    /// Nobody waits for this command any more.
    ///
    /// - Returns: its receiver, unless it was answered already.
    mutating func cancel(_ id: UInt64) -> (receiver: Receiver, error: RedisError)? {
        let error = RedisError(.cancelled, "the task was cancelled")
        // Ids grow from entry to entry in both queues.
        if let index = Self.index(of: id, in: self.sent, \.id) {
            return self.sent[index].receiver.take().map { ($0, error.sent()) }
        }
        guard let index = Self.index(of: id, in: self.waiting, \.id) else { return nil }
        let entry = self.waiting.remove(at: index)
        self.bytes -= entry.encoded.count
        return entry.receiver.map { ($0, error) }
    }

    private static func index<Element>(
        of id: UInt64,
        in queue: Deque<Element>,
        _ key: KeyPath<Element, UInt64>
    ) -> Int? {
        var low = 0
        var high = queue.count
        while low < high {
            let middle = (low + high) / 2
            if queue[middle][keyPath: key] < id { low = middle + 1 } else { high = middle }
        }
        return low < queue.count && queue[low][keyPath: key] == id ? low : nil
    }

    // MARK: The connection comes and goes

    /// A connection is ready.
    ///
    /// - Returns: what waited, to be written in this order; the bytes are not kept.
    mutating func connected(at now: NIODeadline) -> [[UInt8]] {
        self.link = .up
        self.lastHeard = now
        var bytes: [[UInt8]] = []
        bytes.reserveCapacity(self.waiting.count)
        while let entry = self.waiting.popFirst() {
            bytes.append(entry.encoded)
            self.append(entry, at: now)
        }
        return bytes
    }

    /// The connection is gone, or could not be made.
    ///
    /// - Returns: receivers of commands that are over: those that were sent, which the server may have executed; and
    ///   those that waited, when only a person can make the server let us in.
    mutating func disconnected(_ error: RedisError) -> [(receiver: Receiver, error: RedisError)] {
        var over: [(receiver: Receiver, error: RedisError)] = []
        while let slot = self.sent.popFirst() {
            self.bytes -= slot.cost
            if let receiver = slot.receiver { over.append((receiver, error.sent())) }
        }
        if case .stopped = self.link { return over }
        self.link = .down(error)
        if error.needsOperator { over += self.dropWaiting(error) }
        return over
    }

    /// No further commands are taken; those that were sent may still be answered.
    mutating func stop() -> [(receiver: Receiver, error: RedisError)] {
        self.link = .stopped
        return self.dropWaiting(RedisError(.connectionClosed, "the client is stopped"))
    }

    private mutating func dropWaiting(_ error: RedisError) -> [(receiver: Receiver, error: RedisError)] {
        var over: [(receiver: Receiver, error: RedisError)] = []
        while let entry = self.waiting.popFirst() {
            self.bytes -= entry.encoded.count
            if let receiver = entry.receiver { over.append((receiver, error)) }
        }
        return over
    }

    // MARK: Replies

    enum Answer {
        case receiver(Receiver)
        /// The command's sender has given up; the reply is dropped.
        case nobody
        /// There is no command that this could be the reply to.
        case unexpected
    }

    /// A reply has come: who gets it.
    mutating func replied(at now: NIODeadline) -> Answer {
        self.lastHeard = now
        guard let slot = self.sent.popFirst() else { return .unexpected }
        self.bytes -= slot.cost
        return slot.receiver.map { .receiver($0) } ?? .nobody
    }

    // MARK: Time

    /// When `expire` should be called next; nil while nothing is outstanding.
    ///
    /// Looks at every entry: call it when the time that was computed last has come, not for every command.
    func nextDeadline() -> NIODeadline? {
        let waits = self.waiting.lazy.map(\.deadline)
        let replies = self.sent.lazy.filter { $0.receiver != nil }.map(\.deadline)
        return [waits.min(), replies.min(), self.silenceEnds].compactMap { $0 }.min()
    }

    private var silenceEnds: NIODeadline? {
        guard case .up = self.link, let oldest = self.sent.first else { return nil }
        return max(oldest.sentAt, self.lastHeard) + self.limits.silence
    }

    /// Commands whose deadline has passed. Those that were sent keep their place.
    mutating func expire(at now: NIODeadline) -> [(receiver: Receiver, error: RedisError)] {
        var over: [(receiver: Receiver, error: RedisError)] = []
        for index in self.sent.indices where self.sent[index].deadline <= now {
            guard let receiver = self.sent[index].receiver.take() else { continue }
            over.append((receiver, RedisError(.timedOut, "no reply within the deadline", mayHaveExecuted: true)))
        }
        guard self.waiting.contains(where: { $0.deadline <= now }) else { return over }
        let error = self.errorOfWaiting
        for entry in self.waiting where entry.deadline <= now {
            self.bytes -= entry.encoded.count
            if let receiver = entry.receiver { over.append((receiver, error)) }
        }
        self.waiting.removeAll { $0.deadline <= now }
        return over
    }

    private var errorOfWaiting: RedisError {
        guard case .down(let error) = self.link else {
            return RedisError(.connectionClosed, "no connection within the deadline")
        }
        return RedisError(error.code, "no connection within the deadline: \(error.message)")
    }

    /// Whether the connection has been silent for too long although replies are due.
    func isDead(at now: NIODeadline) -> Bool {
        self.silenceEnds.map { $0 <= now } ?? false
    }
}
