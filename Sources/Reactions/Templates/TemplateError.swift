/// What is wrong with a template, and where in its text; both places count from 1.
package struct TemplateError: Error, Sendable, Hashable, CustomStringConvertible {
    package var message: String
    package var line: Int
    package var column: Int

    package init(message: String, line: Int, column: Int) {
        self.message = message
        self.line = line
        self.column = column
    }

    package var description: String { "\(self.line):\(self.column): \(self.message)" }
}

/// Why a handler could not react to an event.
package struct ReactionError: Error, Sendable, Hashable, CustomStringConvertible {
    package var message: String

    package init(_ message: String) {
        self.message = message
    }

    package var description: String { self.message }
}
