import DequeModule
import Glibc
import Synchronization

/// A thread of its own for one actor, because what the actor does blocks: `poll` on a server's socket, `fdatasync` on a
/// file. On a thread of the common pool that would keep everybody else's tasks from running.
///
/// The thread holds this object and runs until `stop()`; its owner calls that in its `deinit`.
package final class SerialThread: SerialExecutor {
    private struct Queue {
        var jobs: Deque<UnownedJob> = []
        var isStopped = false
    }

    private let queue = Mutex(Queue())
    /// One for each job, and one for the stop.
    private let signals: Semaphore

    package init() {
        self.signals = Semaphore()
        let context = Unmanaged.passRetained(self).toOpaque()
        var thread = pthread_t()
        let failure = pthread_create(
            &thread,
            nil,
            { context in
                guard let context else { return nil }
                Unmanaged<SerialThread>.fromOpaque(context).takeRetainedValue().work()
                return nil
            },
            context
        )
        precondition(failure == 0, "no thread can be started: error \(failure)")
        pthread_detach(thread)
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        self.queue.withLock { $0.jobs.append(job) }
        self.signals.post()
    }

    /// Lets the thread end when all jobs have run.
    package func stop() {
        self.queue.withLock { $0.isStopped = true }
        self.signals.post()
    }

    private func work() {
        while true {
            self.signals.wait()
            let (job, isOver) = self.queue.withLock { queue in
                let job = queue.jobs.popFirst()
                return (job, job == nil && queue.isStopped)
            }
            job?.runSynchronously(on: self.asUnownedSerialExecutor())
            if isOver { return }
        }
    }
}

/// A counting semaphore of the C library: the one thing that a thread without tasks can sleep on.
private final class Semaphore: @unchecked Sendable {
    // Unchecked: a `sem_t` may be used by any number of threads, but must not move.
    private let pointer: UnsafeMutablePointer<sem_t>

    init() {
        self.pointer = .allocate(capacity: 1)
        sem_init(self.pointer, 0, 0)
    }

    deinit {
        sem_destroy(self.pointer)
        self.pointer.deallocate()
    }

    func post() { sem_post(self.pointer) }

    func wait() {
        while sem_wait(self.pointer) != 0 && errno == EINTR {}
    }
}
