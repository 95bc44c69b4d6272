import FoundationEssentials
import Glibc

/// One of the two streams a command line writes to.
struct Terminal {
    static let standardOutput = Terminal(descriptor: STDOUT_FILENO)
    static let standardError = Terminal(descriptor: STDERR_FILENO)

    let descriptor: CInt

    var isTerminal: Bool { isatty(self.descriptor) == 1 }

    /// Colours are for terminals, and not for those who set `NO_COLOR`.
    var wantsColour: Bool {
        let environment = ProcessEnvironment.variables
        return self.isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

    /// Writes a line; a reader that has gone is the problem of those who look at the result.
    @discardableResult
    func print(_ line: String) -> Bool { self.write(line + "\n") }

    @discardableResult
    func write(_ text: String) -> Bool { self.write(Array(text.utf8)) }

    /// - Returns: Whether all was written; false when nobody reads any more.
    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { buffer -> Bool in
            var rest = buffer[...]
            while !rest.isEmpty {
                let written = Glibc.write(
                    self.descriptor,
                    UnsafeRawBufferPointer(rebasing: rest).baseAddress,
                    rest.count
                )
                if written < 0 {
                    guard errno == EINTR || errno == EAGAIN else { return false }
                } else {
                    rest = rest.dropFirst(written)
                }
            }
            return true
        }
    }
}

/// The variables that the process was started with.
enum ProcessEnvironment {
    static let variables = ProcessInfo.processInfo.environment

    /// A variable that is set to something.
    static func text(_ name: String) -> String? {
        self.variables[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}
