/// Why a private Redis server could not be started.
package struct RedisServerError: Error, Sendable, CustomStringConvertible {
    /// What went wrong, for callers that decide on it.
    package enum Code: String, Sendable {
        /// No `redis-server` in the given place or on the search path.
        case executableNotFound = "executable_not_found"
        /// The data folder cannot be created, written or locked.
        case dataFolder = "data_folder"
        /// Another living process owns a server on the same data folder.
        case dataFolderInUse = "data_folder_in_use"
        /// A server of an earlier life holds the folder and does not go away.
        case orphanStays = "orphan_stays"
        /// The operating system refused to start a process.
        case spawnFailed = "spawn_failed"
        /// The server ended before it answered once.
        case exitedAtStart = "exited_at_start"
        /// The server runs but did not answer in time.
        case notReady = "not_ready"
        /// The server was stopped while somebody waited for it.
        case stopped
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { self.message }

    /// An error that ends with what the operating system said (`errno`).
    static func system(_ code: Code, _ message: String, _ number: CInt) -> RedisServerError {
        RedisServerError(code, "\(message): \(systemErrorText(number))")
    }
}
