import Dispatch
import Glibc
import Synchronization

/// Writes lines to a descriptor from a thread of its own, so that a reader who does not read holds nobody up.
///
/// Lines wait in a buffer of bounded size; a line that does not fit is dropped and counted, and once the reader reads
/// again a line tells how many were dropped, in the place where they are missing. The program must ignore `SIGPIPE`.
final class LogSink: Sendable {
    private struct State {
        var pending: [UInt8] = []
        /// Lines dropped since the last line that told of it.
        var untold: UInt64 = 0
        /// Whether a write is under way or queued.
        var isWriting = false
    }

    private let state = Mutex(State())
    private let descriptor: Int32
    private let capacity: Int
    private let queue = DispatchQueue(label: "aos-reactor.log")
    private let droppedTotal = Atomic<UInt64>(0)
    private let errorsTotal = Atomic<UInt64>(0)
    private let dropNotice: @Sendable (UInt64) -> [UInt8]

    /// - Parameters:
    ///   - capacity: most bytes that wait, besides those that are being written.
    ///   - dropNotice: the line that tells how many lines were dropped.
    init(descriptor: Int32, capacity: Int, dropNotice: @escaping @Sendable (UInt64) -> [UInt8]) {
        self.descriptor = descriptor
        self.capacity = capacity
        self.dropNotice = dropNotice
    }

    /// Lines dropped since the start.
    var dropped: UInt64 { self.droppedTotal.load(ordering: .relaxed) }

    /// Failed writes since the start.
    var writeErrors: UInt64 { self.errorsTotal.load(ordering: .relaxed) }

    /// Queues a line, or drops it. Never waits for the reader.
    func append(_ line: [UInt8]) {
        let mustStart = self.state.withLock { state in
            // After a drop nothing is queued until it was told of, or the notice would come too late.
            guard state.untold == 0, state.pending.count + line.count <= self.capacity else {
                state.untold += 1
                self.droppedTotal.wrappingAdd(1, ordering: .relaxed)
                return false
            }
            state.pending += line
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if mustStart { self.queue.async { self.writePending() } }
    }

    /// Waits until everything queued so far was written, but no longer than `limit`; false when time ran out.
    ///
    /// Blocks the thread: for the end of the program.
    @discardableResult
    func flush(within limit: Duration) -> Bool {
        let written = DispatchSemaphore(value: 0)
        self.queue.async { written.signal() }
        let nanoseconds = limit / .nanoseconds(1)
        return written.wait(timeout: .now() + .nanoseconds(Int(min(nanoseconds, 1e18)))) == .success
    }

    /// Runs `work` on the writer's queue after `delay`.
    func schedule(after delay: Duration, _ work: @escaping @Sendable () -> Void) {
        self.queue.asyncAfter(deadline: .now() + .nanoseconds(Int(delay / .nanoseconds(1))), execute: work)
    }

    private func writePending() {
        // The two buffers change places, so that their storage is used again and again.
        var batch: [UInt8] = []
        while true {
            batch.removeAll(keepingCapacity: batch.capacity <= 256 * 1_024)
            let untold: UInt64? = self.state.withLock { state in
                guard !state.pending.isEmpty || state.untold > 0 else {
                    state.isWriting = false
                    return nil
                }
                swap(&batch, &state.pending)
                defer { state.untold = 0 }
                return state.untold
            }
            guard let untold else { return }
            self.write(batch)
            if untold > 0 { self.write(self.dropNotice(untold)) }
        }
    }

    private func write(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { buffer in
            var rest = UnsafeRawBufferPointer(buffer)
            while !rest.isEmpty {
                let count = Glibc.write(self.descriptor, rest.baseAddress, rest.count)
                if count > 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                } else if errno == EAGAIN {
                    var poll = pollfd(fd: self.descriptor, events: Int16(POLLOUT), revents: 0)
                    Glibc.poll(&poll, 1, -1)
                } else if errno != EINTR {
                    self.errorsTotal.wrappingAdd(1, ordering: .relaxed)
                    return
                }
            }
        }
    }
}
