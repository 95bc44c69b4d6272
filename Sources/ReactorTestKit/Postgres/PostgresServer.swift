import ChildProcesses
import Dispatch
import FoundationEssentials
import Glibc
import RedisServer
import Synchronization

/// A PostgreSQL server of a test's own, on a unix socket in a folder of its own, with PostgreSQL's defaults but for
/// what is given: what it answers is on disk.
///
/// A shell starts the server and stops it when our end of a socket pair closes, so that nothing is left behind however
/// the test ends.
package final class PostgresServer: Sendable {
    private struct Life {
        var shell: ChildProcess?
        /// Our end of the socket pair.
        var leash: CInt?
    }

    private let folder: PostgresFolder
    private let settings: [String]
    /// Its TCP port on 127.0.0.1, where clients choose whether they speak TLS; nil without a certificate.
    package let port: UInt16?
    private let life = Mutex(Life())

    /// `$@` is the server with its arguments. The watcher stops it with SIGQUIT (an immediate shutdown, after which the
    /// next start recovers), and with SIGKILL when that did not do.
    private static let script = """
        "$@" </dev/null 3<&- &
        server=$!
        {
            read -r line <&3
            kill -QUIT $server
            kill -CONT $server
            left=200
            while [ "$left" -gt 0 ] && kill -0 $server; do sleep 0.05; left=$((left - 1)); done
            kill -KILL $server
        } 2>/dev/null &
        watcher=$!
        exec 3<&-
        wait $server
        kill $watcher 2>/dev/null
        wait $watcher 2>/dev/null
        """

    fileprivate init(folder: PostgresFolder, settings: [String], port: UInt16?) {
        self.folder = folder
        self.settings = settings
        self.port = port
    }

    /// The socket's file, for a proxy before the server.
    package var socket: String { self.folder.path + "/.s.PGSQL.\(self.port ?? 5432)" }

    /// The postmaster; nil while none serves.
    package var processID: Int32? { self.folder.postmaster()?.processID }

    /// `postgres://aos@%2Ftmp%2F...:5432/DATABASE`
    package func url(database: String = "postgres") -> String {
        let host = self.folder.path.split(separator: "/").map { "%2F" + $0 }.joined()
        return "postgres://aos@\(host):\(self.port ?? 5432)/\(database)"
    }

    /// Starts the server, after a `kill()` too; returns when it serves.
    package func start() async throws {
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: .seconds(60))
        while clock.now < deadline {
            try self.spawn()
            while self.isAlive, clock.now < deadline {
                if let postmaster = self.folder.postmaster(), postmaster.isReady { return }
                try await clock.sleep(for: .milliseconds(10))
            }
            // Backends of a killed postmaster hold its memory for a moment; the next start waits for them so.
            await self.reap()
            try await clock.sleep(for: .milliseconds(50))
        }
        throw PostgresServerError(description: "PostgreSQL did not start:\n\(self.folder.endOfLog())")
    }

    /// SIGKILL to the postmaster and all its processes, as when a machine kills a container; returns when it is gone.
    package func kill() async {
        guard let processID = self.processID else { return }
        let family = [processID] + Self.children(of: processID)
        for member in family { Glibc.kill(member, SIGKILL) }
        await self.reap()
        unlink(self.folder.data + "/postmaster.pid")
    }

    /// SIGKILL to those processes that serve clients: the server ends all connections and recovers by itself.
    package func killBackends() {
        guard let processID = self.processID else { return }
        for child in Self.children(of: processID) where Self.title(of: child).contains("postgres: aos ") {
            Glibc.kill(child, SIGKILL)
        }
    }

    /// SIGSTOP to all its processes: connections stay open and nothing is answered.
    package func suspend() { self.signal(SIGSTOP) }

    /// SIGCONT.
    package func resume() { self.signal(SIGCONT) }

    fileprivate func stop() async {
        self.resume()
        self.life.withLock { life in
            if let leash = life.leash { close(leash) }
            life.leash = nil
        }
        await self.reap()
    }

    private func signal(_ number: CInt) {
        guard let processID = self.processID else { return }
        for member in [processID] + Self.children(of: processID) { Glibc.kill(member, number) }
    }

    private func spawn() throws {
        var pair: [CInt] = [-1, -1]
        guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair) == 0 else {
            throw PostgresServerError(description: "no socket pair can be made")
        }
        defer { close(pair[1]) }
        let basics = ["listen_addresses=", "unix_socket_directories=\(self.folder.path)", "max_connections=20"]
        let arguments = ["-D", self.folder.data] + (basics + self.settings).flatMap { ["-c", $0] }
        let command = self.folder.command("postgres", arguments)
        var launch = ChildProcess.Launch(["/bin/sh", "-c", Self.script, "postgres-guardian"] + command)
        launch.output = .file(self.folder.log)
        launch.error = .file(self.folder.log)
        launch.third = pair[1]
        let shell = try ChildProcess.spawn(launch)
        self.life.withLock { $0 = Life(shell: shell, leash: pair[0]) }
    }

    /// Whether the shell, and so the server, has not ended. Looks without reaping.
    private var isAlive: Bool {
        guard let shell = self.life.withLock({ $0.shell }) else { return false }
        var information = siginfo_t()
        let found = waitid(P_PID, id_t(shell.processID), &information, WEXITED | WNOHANG | WNOWAIT)
        return found == 0 && information.si_signo == 0
    }

    /// Waits for the end of the shell, once.
    private func reap() async {
        let (shell, leash) = self.life.withLock { life in
            defer { life = Life() }
            return (life.shell, life.leash)
        }
        guard let shell else { return }
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "postgres-server.exit").async {
                _ = shell.reap()
                continuation.resume()
            }
        }
        if let leash { close(leash) }
    }

    private static func children(of processID: Int32) -> [Int32] {
        let bytes = FileManager.default.contents(atPath: "/proc/\(processID)/task/\(processID)/children") ?? Data()
        return String(decoding: bytes, as: UTF8.self).split(separator: " ").compactMap { Int32($0) }
    }

    private static func title(of processID: Int32) -> String {
        String(decoding: FileManager.default.contents(atPath: "/proc/\(processID)/cmdline") ?? Data(), as: UTF8.self)
    }
}

/// Runs a PostgreSQL server while `body` runs, and leaves nothing behind.
/// - Parameters:
///   - certificate: what it shows to those who come over TCP; without one there is the unix socket alone.
///   - settings: `name=value` of its configuration.
package func withPostgresServer<Result: Sendable>(
    certificate: CertificateAuthority.Certificate? = nil,
    settings: [String] = [],
    _ body: (PostgresServer) async throws -> Result
) async throws -> Result {
    let folder = try PostgresFolder()
    defer { folder.remove() }
    try await folder.initialize()
    var settings = settings
    var port: UInt16?
    if let certificate {
        guard let free = LoopbackPort.free() else { throw PostgresServerError(description: "no free TCP port") }
        port = free
        settings += ["listen_addresses=127.0.0.1", "port=\(free)", "ssl=on"]
        settings.append("ssl_cert_file=\(try folder.adopt(certificate.certificateFile, as: "server.pem"))")
        settings.append("ssl_key_file=\(try folder.adopt(certificate.keyFile, as: "server.key"))")
    }
    let server = PostgresServer(folder: folder, settings: settings, port: port)
    do {
        try await server.start()
        let result = try await body(server)
        await server.stop()
        return result
    } catch {
        await server.stop()
        throw error
    }
}
