import Glibc

/// Starting and reaping a child process, without Foundation: what runs in the middle of a reactor must not take its
/// terminal, its descriptors or its signal masks with it.
package struct ChildProcess: Sendable, Hashable {
    /// What a standard stream of the child is.
    package enum Stream: Sendable {
        case null
        /// Appended to; made with mode 0600 when it is missing.
        case file(String)
        case descriptor(CInt)
    }

    package struct Launch: Sendable {
        /// The program, searched on `PATH` when it has no slash, and its arguments.
        package var arguments: [String]
        package var environment: [String: String]
        package var input: Stream = .null
        package var output: Stream = .null
        package var error: Stream = .null
        /// A descriptor of ours that becomes the child's descriptor 3.
        package var third: CInt?

        package init(_ arguments: [String], environment: [String: String] = Self.smallEnvironment) {
            self.arguments = arguments
            self.environment = environment
        }

        /// The usual program folders and the C locale, nothing of ours.
        package static let smallEnvironment = [
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": "/tmp",
        ]
    }

    package let processID: Int32

    /// `POSIX_SPAWN_SETSID` of glibc's `<spawn.h>`, which is hidden without `_GNU_SOURCE`.
    private static let newSession: CInt = 0x80

    /// Starts a program in a session of its own, so that Ctrl-C at our terminal does not reach it and a signal to its
    /// group (`-processID`) reaches what it starts, with default signal handling and nothing else of ours open.
    package static func spawn(_ launch: Launch) throws(SpawnError) -> ChildProcess {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        Self.set(STDIN_FILENO, to: launch.input, &actions)
        Self.set(STDOUT_FILENO, to: launch.output, &actions)
        Self.set(STDERR_FILENO, to: launch.error, &actions)
        if let third = launch.third { posix_spawn_file_actions_adddup2(&actions, third, 3) }
        for descriptor in Self.openDescriptors() where descriptor > (launch.third == nil ? 2 : 3) {
            // Closing what is not open any more is no error to posix_spawn.
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        Self.resetSignals(&attributes)

        var processID: pid_t = 0
        let failure = Self.withCStrings(launch.arguments) { arguments in
            Self.withCStrings(launch.environment.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }) { environment in
                posix_spawnp(&processID, launch.arguments[0], &actions, &attributes, arguments, environment)
            }
        }
        guard failure == 0 else { throw SpawnError(program: launch.arguments[0], number: failure) }
        return ChildProcess(processID: processID)
    }

    /// Blocks the thread until the child has ended. Once only: afterwards its number may be another's.
    package func reap() -> ProcessEnd {
        var status: CInt = 0
        while waitpid(self.processID, &status, 0) < 0 {
            guard errno == EINTR else { return .exited(code: -1) }
        }
        // The wait macros of C are not imported: the low seven bits are the signal, the next byte is the exit code.
        let signal = status & 0x7F
        return signal == 0 ? .exited(code: (status >> 8) & 0xFF) : .killed(signal: signal)
    }

    package func send(_ signal: CInt) { kill(self.processID, signal) }

    private static func set(_ descriptor: CInt, to stream: Stream, _ actions: inout posix_spawn_file_actions_t) {
        switch stream {
        case .null:
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        case .file(let path):
            posix_spawn_file_actions_addopen(&actions, descriptor, path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        case .descriptor(let source):
            posix_spawn_file_actions_adddup2(&actions, source, descriptor)
        }
    }

    /// What we ignore or block (NIO ignores SIGPIPE, a service group takes SIGTERM) must not be inherited.
    private static func resetSignals(_ attributes: inout posix_spawnattr_t) {
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        let flags = CInt(POSIX_SPAWN_SETSIGMASK) | CInt(POSIX_SPAWN_SETSIGDEF) | Self.newSession
        posix_spawnattr_setflags(&attributes, Int16(flags))
    }

    private static func openDescriptors() -> [CInt] {
        guard let folder = opendir("/proc/self/fd") else { return [] }
        defer { closedir(folder) }
        var found: [CInt] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let number = CInt(name) { found.append(number) }
        }
        return found
    }

    private static func withCStrings<Result>(
        _ strings: [String],
        _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies + [nil])
    }
}
