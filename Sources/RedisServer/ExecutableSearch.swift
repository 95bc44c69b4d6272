import FoundationEssentials
import Glibc

/// Finds `redis-server`.
enum ExecutableSearch {
    /// - Parameter given: the path from the settings; nil searches `PATH` and the folders of Debian and source builds.
    /// - Returns: the path to start, and the file behind its links, which is what the kernel shows of the process.
    static func redisServer(given: String?) throws(RedisServerError) -> (path: String, program: String) {
        for candidate in given.map({ [$0] }) ?? Self.candidates() where access(candidate, X_OK) == 0 {
            if let program = canonicalPath(candidate) { return (candidate, program) }
        }
        throw RedisServerError(
            .executableNotFound,
            given.map { "\($0) is not an executable file" }
                ?? "redis-server was not found; install it (apt-get install redis-server) or set REDIS_URL"
        )
    }

    private static func candidates() -> [String] {
        let search = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let folders = search.split(separator: ":").map(String.init) + ["/usr/bin", "/usr/local/bin", "/usr/sbin"]
        return folders.map { $0 + "/redis-server" }
    }
}
