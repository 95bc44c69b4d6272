/// What is wrong with a pattern or a matcher, and where in its text.
package struct PatternError: Error, Sendable, Hashable, CustomStringConvertible {
    package var message: String
    /// Characters (Unicode scalars) before the place, from 0.
    package var offset: Int

    package init(_ message: String, at offset: Int) {
        self.message = message
        self.offset = offset
    }

    package var description: String { "at character \(self.offset + 1): \(self.message)" }
}
