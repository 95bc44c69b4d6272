import Glibc

/// Starting and reaping one child process, without Foundation.
enum ChildProcess {
    /// `POSIX_SPAWN_SETSID` of glibc's `<spawn.h>`, which is hidden without `_GNU_SOURCE`.
    private static let newSession: CInt = 0x80

    /// Starts `arguments[0]` with `leash` as descriptor 3, `output` as standard output and error, no standard input,
    /// default signal handling, a small environment, and nothing else of ours open.
    static func spawn(_ arguments: [String], leash: CInt, output: String) throws(RedisServerError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        posix_spawn_file_actions_adddup2(&actions, leash, 3)
        for descriptor in Self.openDescriptors() where descriptor > 3 {
            // Closing what is not open any more is no error to posix_spawn.
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        Self.resetSignals(&attributes)

        var processID: pid_t = 0
        let failure = Self.withCStrings(arguments) { argv in
            Self.withCStrings(["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"]) {
                posix_spawn(&processID, arguments[0], &actions, &attributes, argv, $0)
            }
        }
        guard failure == 0 else { throw .system(.spawnFailed, "cannot start \(arguments[0])", failure) }
        return processID
    }

    /// Blocks until the child has ended.
    static func reap(_ processID: pid_t) -> ExitStatus {
        var status: CInt = 0
        while waitpid(processID, &status, 0) < 0 {
            guard errno == EINTR else { return .exited(code: -1) }
        }
        // The wait macros of C are not imported: the low seven bits are the signal, the next byte is the exit code.
        let signal = status & 0x7F
        if signal != 0 { return .killed(signal: signal) }
        let code = (status >> 8) & 0xFF
        // A shell reports the signal that ended its child as 128 and the number.
        return code > 128 ? .killed(signal: code - 128) : .exited(code: code)
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
