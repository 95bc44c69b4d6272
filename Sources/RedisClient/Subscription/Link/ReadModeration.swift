import Glibc

/// When a reader that is flooded lets some more come before it reads on.
///
/// A server that writes to a reader asleep pays for waking it, once for each of its writes: under a flood about a fifth of its
/// time. On few cores the reader then also takes the place of whoever runs on the core where it wakes, the server or a
/// publisher. So when one run of reads after the other brings much the thread rests for a moment, on a clock of its own: what
/// the server writes meanwhile wakes nobody, and the next run finds more at once. Network cards do the same with their
/// interrupts. An event that comes meanwhile is some microseconds late, less than a flood keeps it waiting anyway.
package struct ReadModeration: Sendable, Equatable {
    /// How many bytes of a run tell a flood that the reader keeps up with. Fewer come without a flood. With more, which fill
    /// the buffer of a read, the server has more in store; a reader that rested then would fall behind and be cut off in the
    /// end.
    package var flood = 8 << 10..<RedisConnector.receiveBufferBytes

    /// How long is rested. Rests of 15 microseconds cost as much as they save, and with those of 100 less is read than a
    /// server on the same machine can write: `bench flood`.
    package var rest = Duration.microseconds(50)

    /// So many runs have to bring that much one after the other: what comes event by event, or in a burst, waits for nobody.
    package var floodRuns = 16

    private var runs = 0

    package init() {}

    /// - Parameter bytes: what a run of reads brought.
    /// - Returns: How long to rest before the next one; nil for not at all.
    mutating func rest(afterRunOf bytes: Int) -> Duration? {
        self.runs = bytes < self.flood.lowerBound ? 0 : min(self.runs + 1, self.floodRuns)
        return self.runs == self.floodRuns && self.flood.contains(bytes) ? self.rest : nil
    }

    /// Lets the calling thread sleep, less than a second. Not a timer of the event loop, which would cost as much as the
    /// waking that is saved.
    static func sleep(for duration: Duration) {
        var time = timespec(tv_sec: 0, tv_nsec: Int(duration.components.attoseconds / 1_000_000_000))
        clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nil)
    }
}
