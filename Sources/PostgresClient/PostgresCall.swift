import Glibc
import Synchronization

/// One call of a connection: its deadline, and whether its caller has given it up.
final class PostgresCall: Sendable {
    let deadline: ContinuousClock.Instant
    private let cancelled = Atomic(false)
    /// The call that this one is a part of.
    private let whole: PostgresCall?

    init(deadline: ContinuousClock.Instant, following whole: PostgresCall? = nil) {
        self.deadline = deadline
        self.whole = whole
    }

    var isCancelled: Bool { self.cancelled.load(ordering: .acquiring) || self.whole?.isCancelled == true }

    func cancel() { self.cancelled.store(true, ordering: .releasing) }
}

/// A pipe that ends a `poll`, because it is the only thing that both another thread and `poll` know.
final class Alarm: Sendable {
    let readEnd: CInt
    private let writeEnd: CInt

    init() {
        var ends: [CInt] = [-1, -1]
        precondition(pipe(&ends) == 0, "no pipe can be made: error \(errno)")
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (self.readEnd, self.writeEnd) = (ends[0], ends[1])
    }

    deinit {
        close(self.readEnd)
        close(self.writeEnd)
    }

    func ring() {
        // Full means that it rings already.
        _ = write(self.writeEnd, [1] as [UInt8], 1)
    }

    func silence() {
        var buffer = [UInt8](repeating: 0, count: 64)
        while read(self.readEnd, &buffer, buffer.count) > 0 {}
    }
}
