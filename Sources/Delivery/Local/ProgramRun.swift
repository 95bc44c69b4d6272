import ChildProcesses
import Glibc
import Synchronization

/// One run of a program: its own session, nothing of ours open, a bounded time and a bounded output.
struct ProgramRun: Sendable {
    /// The program's absolute path and its arguments. No shell reads them.
    let arguments: [String]
    let environment: [String: String]
    let input: [UInt8]
    let timeLimit: Duration
    /// Between the request to end (SIGTERM) and the end (SIGKILL).
    let grace: Duration
    /// Bytes of standard output and standard error together that are kept; what is more is read and dropped.
    let maxOutputBytes: Int

    enum End: Sendable, Hashable {
        case exited(code: Int32)
        case killed(signal: Int32)
        case timedOut
        case cancelled
        case notStarted(errno: Int32)
    }

    struct Outcome: Sendable, Hashable {
        var end: End
        var output: [UInt8]
        var isOutputCut: Bool
    }

    /// Blocks the thread until the program has ended, at most `timeLimit` and twice `grace`.
    func run(isCancelled: () -> Bool) -> Outcome {
        // A program that does not read its input must not end ours: the signal stays pending and is taken back.
        var pipeSignal = sigset_t()
        sigemptyset(&pipeSignal)
        sigaddset(&pipeSignal, SIGPIPE)
        var before = sigset_t()
        pthread_sigmask(SIG_BLOCK, &pipeSignal, &before)
        defer {
            var now = timespec()
            while sigtimedwait(&pipeSignal, nil, &now) > 0 {}
            pthread_sigmask(SIG_SETMASK, &before, nil)
        }
        do {
            var child = try RunningProgram(self)
            return child.finish(self, isCancelled)
        } catch {
            return Outcome(end: .notStarted(errno: error.number), output: [], isOutputCut: false)
        }
    }
}

/// An error of the operating system.
struct SystemError: Error {
    let number: Int32

    static var current: SystemError { SystemError(number: errno) }

    static func text(_ number: Int32) -> String {
        strerror(number).map { String(cString: $0) } ?? "error \(number)"
    }
}

/// The ends of the pipes on our side, and the process.
private struct RunningProgram {
    private let process: ChildProcess
    private var input: CInt
    private var output: CInt
    private var written = 0
    private var kept: [UInt8] = []
    private var isCut = false

    init(_ run: ProgramRun) throws(SystemError) {
        let (childInput, input) = try Self.pipe()
        let (output, childOutput): (CInt, CInt)
        do {
            (output, childOutput) = try Self.pipe()
        } catch {
            close(childInput)
            close(input)
            throw error
        }
        defer {
            close(childInput)
            close(childOutput)
        }
        for descriptor in [input, output] {
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        }
        do {
            self.process = try Self.spawn(run, input: childInput, output: childOutput)
        } catch {
            close(input)
            close(output)
            throw error
        }
        self.input = input
        self.output = output
    }

    private static func pipe() throws(SystemError) -> (read: CInt, write: CInt) {
        var ends: [CInt] = [-1, -1]
        // pipe2 is hidden from Swift; a program that another thread starts in between closes what is above 2.
        guard Glibc.pipe(&ends) == 0 else { throw .current }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func spawn(_ run: ProgramRun, input: CInt, output: CInt) throws(SystemError) -> ChildProcess {
        var launch = ChildProcess.Launch(run.arguments, environment: run.environment)
        launch.input = .descriptor(input)
        launch.output = .descriptor(output)
        launch.error = .descriptor(output)
        do {
            return try ChildProcess.spawn(launch)
        } catch {
            throw SystemError(number: error.number)
        }
    }

    // MARK: While it runs

    mutating func finish(_ run: ProgramRun, _ isCancelled: () -> Bool) -> ProgramRun.Outcome {
        let clock = ContinuousClock()
        let start = clock.now
        var forced: ProgramRun.End?
        var killAt: ContinuousClock.Instant?
        while !self.hasEnded {
            self.exchange(run)
            if forced == nil {
                if isCancelled() { forced = .cancelled }
                if clock.now - start >= run.timeLimit { forced = .timedOut }
                if forced != nil {
                    kill(-self.process.processID, SIGTERM)
                    killAt = clock.now + run.grace
                }
            } else if let limit = killAt, clock.now >= limit {
                kill(-self.process.processID, SIGKILL)
                killAt = nil
            }
        }
        // Not reaped yet, so the number of the group is still its own. What it left behind ends with it.
        kill(-self.process.processID, SIGKILL)
        let end = self.reap()
        self.readAll(run)
        if self.input >= 0 { close(self.input) }
        close(self.output)
        return ProgramRun.Outcome(end: forced ?? end, output: self.kept, isOutputCut: self.isCut)
    }

    /// Whether the program has ended; it stays a zombie until it is reaped.
    private var hasEnded: Bool {
        var info = siginfo_t()
        let result = waitid(P_PID, id_t(self.process.processID), &info, WEXITED | WNOHANG | WNOWAIT)
        return result != 0 ? errno != EINTR : info.si_signo != 0
    }

    private func reap() -> ProgramRun.End {
        switch self.process.reap() {
        case .exited(let code): .exited(code: code)
        case .killed(let signal): .killed(signal: signal)
        }
    }

    /// Waits a moment for input to be wanted or output to come, and moves it.
    private mutating func exchange(_ run: ProgramRun) {
        var waits: [pollfd] = []
        if self.input >= 0 { waits.append(pollfd(fd: self.input, events: Int16(POLLOUT), revents: 0)) }
        waits.append(pollfd(fd: self.output, events: Int16(POLLIN), revents: 0))
        // The end of the program gives no sign here when something that it started keeps its output open.
        guard poll(&waits, nfds_t(waits.count), 20) > 0 else { return }
        for wait in waits where wait.revents != 0 {
            if wait.fd == self.input {
                self.writeSome(run)
            } else if !self.readSome(run) {
                // Closed, but still running: do not spin.
                usleep(5_000)
            }
        }
    }

    private mutating func writeSome(_ run: ProgramRun) {
        let rest = run.input[self.written...]
        let count = rest.withUnsafeBytes { write(self.input, $0.baseAddress, $0.count) }
        if count > 0 { self.written += count }
        let isOver = count < 0 ? errno != EAGAIN && errno != EINTR : self.written == run.input.count
        guard isOver else { return }
        close(self.input)
        self.input = -1
    }

    /// Returns false at the end of the output.
    private mutating func readSome(_ run: ProgramRun) -> Bool {
        var chunk = [UInt8](repeating: 0, count: 16 * 1024)
        let count = read(self.output, &chunk, chunk.count)
        guard count > 0 else { return count < 0 && (errno == EAGAIN || errno == EINTR) }
        let room = run.maxOutputBytes - self.kept.count
        self.kept += chunk[..<min(count, room)]
        self.isCut = self.isCut || count > room
        return true
    }

    /// What is in the pipe, without waiting for more. A writer that survives in another group cannot hold us here:
    /// nothing beyond the bound is read.
    private mutating func readAll(_ run: ProgramRun) {
        while !self.isCut {
            var wait = pollfd(fd: self.output, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, 0) > 0, self.readSome(run) else { return }
        }
    }
}
