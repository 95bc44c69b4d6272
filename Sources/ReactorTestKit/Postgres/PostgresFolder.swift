import ChildProcesses
import Dispatch
import FoundationEssentials
import Glibc
import RedisServer

/// Why a test's PostgreSQL server does not run.
package struct PostgresServerError: Error, CustomStringConvertible {
    package let description: String
}

/// The programs of PostgreSQL, and the folder of one server.
///
/// PostgreSQL refuses to run as root, so root's tests run it as another user, to whom the folder is given.
struct PostgresFolder: Sendable {
    let path: String
    private let programs: String
    /// What stands before a command to run it as the server's user; empty when we are not root.
    private let asUser: [String]
    /// The server's user and group.
    private let owner: (user: uid_t, group: gid_t)?

    var data: String { self.path + "/data" }
    var log: String { self.path + "/log" }

    init() throws {
        guard let programs = Self.findPrograms() else {
            throw PostgresServerError(description: "PostgreSQL was not found; install it (apt-get install postgresql)")
        }
        self.programs = programs
        // Short: a unix socket's path has 107 bytes.
        self.path = try makeTemporaryFolder(prefix: "aos-pg")
        guard geteuid() == 0 else {
            self.asUser = []
            self.owner = nil
            return
        }
        guard let user = getpwnam("postgres") ?? getpwnam("nobody") else {
            throw PostgresServerError(description: "PostgreSQL does not run as root, and there is no user `nobody`")
        }
        let (userID, groupID) = (user.pointee.pw_uid, user.pointee.pw_gid)
        self.owner = (userID, groupID)
        chown(self.path, userID, groupID)
        self.asUser = ["setpriv", "--reuid=\(userID)", "--regid=\(groupID)", "--clear-groups", "--"]
    }

    func remove() { try? FileManager.default.removeItem(atPath: self.path) }

    /// Puts a copy of a file where the server can read it and nobody else can; returns its path.
    func adopt(_ file: String, as name: String) throws -> String {
        let copy = self.path + "/" + name
        try FileManager.default.copyItem(atPath: file, toPath: copy)
        if let owner { chown(copy, owner.user, owner.group) }
        chmod(copy, 0o600)
        return copy
    }

    /// Makes an empty cluster in which everybody on the machine is the superuser `aos`: the folder has mode 0700.
    func initialize() async throws {
        var launch = ChildProcess.Launch(
            self.command(
                "initdb",
                [
                    "-D", self.data, "-U", "aos", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync",
                    "--no-instructions",
                ]
            )
        )
        launch.output = .file(self.log)
        launch.error = .file(self.log)
        let process = try ChildProcess.spawn(launch)
        let end = await withCheckedContinuation { continuation in
            DispatchQueue(label: "initdb").async { continuation.resume(returning: process.reap()) }
        }
        guard end == .exited(code: 0) else {
            throw PostgresServerError(description: "initdb failed:\n\(self.endOfLog())")
        }
    }

    func command(_ program: String, _ arguments: [String]) -> [String] {
        self.asUser + ["\(self.programs)/\(program)"] + arguments
    }

    /// The postmaster and whether it serves, as its pid file tells it.
    func postmaster() -> (processID: Int32, isReady: Bool)? {
        guard let bytes = FileManager.default.contents(atPath: self.data + "/postmaster.pid") else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        guard let processID = lines.first.flatMap({ Int32($0) }) else { return nil }
        return (processID, lines.count > 7 && lines[7].hasPrefix("ready"))
    }

    func endOfLog() -> String {
        let bytes = FileManager.default.contents(atPath: self.log) ?? Data()
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").suffix(10).joined(separator: "\n")
    }

    /// Debian keeps the servers of several versions beside each other and off `PATH`.
    private static func findPrograms() -> String? {
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        let newestFirst = versions.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }.map { "/usr/lib/postgresql/\($0)/bin" }
        let search = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        return (newestFirst + search).first { access("\($0)/initdb", X_OK) == 0 && access("\($0)/postgres", X_OK) == 0 }
    }
}
