/// Why a reactor did not start, or how it ended.
public struct ReactorError: Error, Sendable, CustomStringConvertible {
    /// What went wrong, for callers that decide on it.
    public enum Code: String, Sendable {
        /// `run` while the reactor runs.
        case alreadyRunning = "already_running"
        /// The address of Redis, a pattern or a name is not what it should be.
        case invalidSetting = "invalid_setting"
        /// Redis was required and could not be reached.
        case redisUnreachable = "redis_unreachable"
        /// State that must outlive the server that keeps it would not.
        case notDurable = "not_durable"
        /// The time to stop was over before the work was done; the message says what was left.
        case workLeft = "work_left"
    }

    public let code: Code
    public let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { self.message }
}
