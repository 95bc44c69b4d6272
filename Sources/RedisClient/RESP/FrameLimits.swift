/// How much one frame on a subscribed connection may ask for.
package struct FrameLimits: Sendable, Equatable {
    /// Longest event payload, in bytes. A longer one is skipped without being buffered and reported as `oversize`.
    package var maxEventBytes: Int = 1_048_576

    /// Longest payload that is still skipped, in bytes; a longer one is a violation. Redis' own `proto-max-bulk-len`
    /// is 512 MiB by default.
    package var maxSkippedBytes: Int = 512 * 1_048_576

    /// Longest channel or pattern name, in bytes.
    package var maxNameBytes: Int = 65_536

    /// Longest line of a simple string, an error or a number, in bytes.
    package var maxLineBytes: Int = 65_536

    /// Most elements of all arrays of one frame together.
    package var maxElements: Int = 64

    /// Deepest nesting of arrays.
    package var maxDepth: Int = 4

    /// How many bytes of an oversize payload are reported.
    package var prefixBytes: Int = 256

    package init() {}
}
