/// How much one reply to a command may ask for.
package struct ReplyLimits: Sendable, Equatable {
    /// Most bytes of all strings of one reply together, and so the longest bulk.
    package var maxReplyBytes: Int = 64 * 1_048_576

    /// Most elements of all arrays of one reply together.
    package var maxElements: Int = 1_000_000

    /// Longest line of a simple string or an error, in bytes.
    package var maxLineBytes: Int = 65_536

    package init() {}
}
