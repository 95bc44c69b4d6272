/// Where a text comes from that somebody named on the command line: standard input, a file, or the argument itself.
package enum TextArgument: Sendable, Hashable {
    /// `-`
    case standardInput
    /// The argument is the text: it begins with `{` or `[`, or is several lines, or holds `: ` as YAML does.
    case literal(String)
    case file(String)

    package init(_ argument: String) {
        if argument == "-" {
            self = .standardInput
            return
        }
        let first = argument.unicodeScalars.first { !" \t\r\n".unicodeScalars.contains($0) }
        let isText =
            first == nil || first == "{" || first == "[" || argument.utf8.contains(UInt8(ascii: "\n"))
            || zip(argument.utf8, argument.utf8.dropFirst()).contains { $0 == (UInt8(ascii: ":"), UInt8(ascii: " ")) }
        self = isText ? .literal(argument) : .file(argument)
    }

    /// How messages call it.
    /// - Parameter role: What it is: "pattern", "event".
    package func name(_ role: String) -> String {
        switch self {
        case .standardInput: "<stdin>"
        case .literal: "<\(role)>"
        case .file(let path): path
        }
    }
}
