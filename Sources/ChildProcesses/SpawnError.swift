import Glibc

/// A program that could not be started.
package struct SpawnError: Error, Sendable, Hashable, CustomStringConvertible {
    package let program: String
    /// What the operating system says, an `errno`.
    package let number: CInt

    package init(program: String, number: CInt) {
        self.program = program
        self.number = number
    }

    package var description: String {
        let reason = strerror(self.number).map { String(cString: $0) } ?? "error \(self.number)"
        return "cannot start \(self.program): \(reason)"
    }
}
