import DequeModule
import Dispatch
import Glibc
import Synchronization

/// Threads for the closures of embedding programs, apart from those of the runtime: one that blocks its thread, although it
/// should not, holds up nobody but itself.
///
/// Own threads, because libdispatch adds one a second at most when its threads block: eight blocked closures would hold
/// up the next one for four seconds. Here there is one for each core, as long as that is enough; when a closure has
/// waited for 5 ms, those there are must be blocked, and as many are added as closures wait. Who has nothing to do for
/// ten seconds ends.
final class HandlerExecutor: TaskExecutor {
    /// Threads at most; with all of them blocked, further closures wait.
    static let maxThreads = 512
    private static let patience = DispatchTimeInterval.milliseconds(5)
    private static let idleTime = DispatchTimeInterval.seconds(10)

    private struct State {
        var jobs: Deque<UnownedJob> = []
        var threads = 0
        /// Threads that wait for a job; one that was woken counts until it has taken its job.
        var idle = 0
        /// Whether somebody will look whether jobs have waited for too long.
        var isWatched = false
    }

    private let usualThreads: Int
    private let state = Mutex(State())
    private let arrived = DispatchSemaphore(value: 0)

    init(usualThreads: Int = max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN)))) {
        self.usualThreads = usualThreads
    }

    /// How many threads there are.
    var threads: Int { self.state.withLock { $0.threads } }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let (spawns, watches) = self.state.withLock { state in
            state.jobs.append(job)
            guard state.jobs.count > state.idle else { return (false, false) }
            if state.threads < self.usualThreads {
                // It counts as idle from now on, so that the next job does not ask for it as well.
                state.threads += 1
                state.idle += 1
                return (true, false)
            }
            defer { state.isWatched = true }
            return (false, !state.isWatched)
        }
        self.arrived.signal()
        if spawns { self.spawn() }
        if watches { self.watch() }
    }

    // MARK: More threads

    private func watch() {
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.patience) { self.addThreads() }
    }

    private func addThreads() {
        let count = self.state.withLock { state in
            let missing = min(state.jobs.count - state.idle, Self.maxThreads - state.threads)
            guard missing > 0 else {
                // At the bound there is nothing more to do for them; the next closure asks for a look again.
                state.isWatched = false
                return 0
            }
            state.threads += missing
            state.idle += missing
            return missing
        }
        guard count > 0 else { return }
        for _ in 0..<count { self.spawn() }
        self.watch()
    }

    private func spawn() {
        let argument = Unmanaged.passRetained(self).toOpaque()
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let result = pthread_create(
            &thread,
            &attributes,
            { argument in
                guard let argument else { return nil }
                Unmanaged<HandlerExecutor>.fromOpaque(argument).takeRetainedValue().work()
                return nil
            },
            argument
        )
        guard result != 0 else { return }
        // No further thread to be had: the jobs wait for those that there are.
        Unmanaged<HandlerExecutor>.fromOpaque(argument).release()
        self.state.withLock { state in
            state.threads -= 1
            state.idle -= 1
        }
    }

    // MARK: A thread's life

    private func work() {
        while true {
            let isWoken = self.arrived.wait(timeout: .now() + Self.idleTime) == .success
            let (job, isOver) = self.state.withLock { state -> (UnownedJob?, Bool) in
                if let job = state.jobs.popFirst() {
                    state.idle -= 1
                    return (job, false)
                }
                // Woken for a job that another one took on its way out.
                guard !isWoken else { return (nil, false) }
                state.idle -= 1
                state.threads -= 1
                return (nil, true)
            }
            if isOver { return }
            guard let job else { continue }
            job.runSynchronously(on: self.asUnownedTaskExecutor())
            self.state.withLock { $0.idle += 1 }
        }
    }
}
