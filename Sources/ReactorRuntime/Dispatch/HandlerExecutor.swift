import Dispatch

/// Threads for the closures of embedding programs, apart from those of the runtime: one that blocks its thread, although it
/// should not, holds up nobody but itself.
final class HandlerExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "aos-reactor.handlers", attributes: .concurrent)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        self.queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
