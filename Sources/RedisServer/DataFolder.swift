import FoundationEssentials
import Glibc
import Synchronization

/// The private folder of one server: made, locked against a second owner, and freed of an orphan of an earlier life.
final class DataFolder: Sendable {
    /// Absolute, without links.
    let path: String
    /// Where the socket is: the folder itself, or a short one of its own when the path would not fit into the 107
    /// bytes that a unix socket's address holds.
    let socketFolder: String
    private let lock: Mutex<CInt?>

    var socket: String { self.socketFolder + "/redis.sock" }
    var configuration: String { self.path + "/redis.conf" }
    var log: String { self.path + "/redis-server.log" }
    private var processIDFile: String { self.path + "/redis.pid" }

    /// Longest path that fits into `sockaddr_un`, without the closing zero.
    private static let longestSocketPath = 107

    /// Makes the folder (mode 0700) and takes its lock, which lives as long as this object.
    init(path: String) throws(RedisServerError) {
        self.path = try Self.make(path)
        let lockFile = self.path + "/owner.lock"
        let descriptor = open(lockFile, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system(.dataFolder, "cannot open \(lockFile)", errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw RedisServerError(.dataFolderInUse, "another process runs a Redis server in \(self.path)")
        }
        self.lock = Mutex(descriptor)
        do {
            self.socketFolder = try Self.socketFolder(for: self.path)
        } catch {
            Self.unlock(descriptor)
            throw error
        }
        unlink(self.log)
    }

    deinit { self.unlock() }

    /// Gives the folder up. The socket of a server that was killed is removed too.
    func unlock() {
        self.lock.withLock { descriptor in
            guard let open = descriptor else { return }
            unlink(self.socket)
            if self.socketFolder != self.path { rmdir(self.socketFolder) }
            Self.unlock(open)
            descriptor = nil
        }
    }

    /// Closing alone would leave the lock to a child process that is being started and has not closed its copy yet.
    private static func unlock(_ descriptor: CInt) {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// The process that serves this folder, if the pid file names one and it really is that server: the program is
    /// the given one and its working directory is this folder, which no other program has a reason to be in.
    func servingProcess(executable: String) -> pid_t? {
        guard let text = contents(ofFile: self.processIDFile),
            let processID = pid_t(text.filter { !$0.isWhitespace }), processID > 1
        else { return nil }
        guard let program = target(ofLink: "/proc/\(processID)/exe"),
            let folder = target(ofLink: "/proc/\(processID)/cwd")
        else { return nil }
        // After an upgrade of the package the running program's link reads "... (deleted)".
        let isServer = program == executable || program == executable + " (deleted)"
        return isServer && folder == self.path ? processID : nil
    }

    /// Stops a server that an earlier owner left behind, waiting for its guardian to do it first.
    func removeOrphan(executable: String, grace: Duration) async throws(RedisServerError) {
        let clock = ContinuousClock()
        let start = clock.now
        var sent: CInt?
        while let orphan = self.servingProcess(executable: executable) {
            let waited = clock.now - start
            // Half a second is the guardian's chance; then we do its work.
            if waited > .milliseconds(500), sent == nil {
                sent = SIGTERM
                Glibc.kill(orphan, SIGTERM)
                Glibc.kill(orphan, SIGCONT)
            } else if waited > .milliseconds(500) + grace, sent == SIGTERM {
                sent = SIGKILL
                Glibc.kill(orphan, SIGKILL)
            } else if waited > .seconds(5) + grace {
                throw RedisServerError(.orphanStays, "process \(orphan) still serves \(self.path)")
            }
            do {
                try await clock.sleep(for: .milliseconds(20))
            } catch {
                throw RedisServerError(.stopped, "stopped while waiting for an earlier server to end")
            }
        }
        unlink(self.processIDFile)
        unlink(self.socket)
    }

    /// Writes the configuration, readable by its user only since it may hold a password.
    func write(configuration text: String) throws(RedisServerError) {
        let descriptor = open(self.configuration, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system(.dataFolder, "cannot write \(self.configuration)", errno) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw .system(.dataFolder, "cannot write \(self.configuration)", errno)
        }
    }

    /// The last lines that the server printed, for error messages.
    func endOfLog(lines: Int = 5) -> String {
        (contents(ofFile: self.log) ?? "").split(separator: "\n").suffix(lines).joined(separator: "\n")
    }

    private static func make(_ path: String) throws(RedisServerError) -> String {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw RedisServerError(.dataFolder, "cannot make the folder \(path): \(error)")
        }
        guard chmod(path, 0o700) == 0, let canonical = canonicalPath(path) else {
            throw .system(.dataFolder, "cannot use the folder \(path)", errno)
        }
        return canonical
    }

    private static func socketFolder(for path: String) throws(RedisServerError) -> String {
        guard path.utf8.count + "/redis.sock".utf8.count > Self.longestSocketPath else { return path }
        return try makeTemporaryFolder(prefix: "aos-redis")
    }
}

/// A new folder below `/tmp` with mode 0700.
package func makeTemporaryFolder(prefix: String) throws(RedisServerError) -> String {
    var template = Array("/tmp/\(prefix)-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
        throw .system(.dataFolder, "cannot make a temporary folder", errno)
    }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
