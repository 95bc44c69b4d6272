import Logging

extension LogRecord {
    /// Appends `00:40:00.123 WARNING message name=value ...` and a line feed.
    func appendText(colored: Bool, to line: inout [UInt8]) {
        let start = line.count
        let style = Style(self.level, colored: colored)
        line += style.dim.utf8
        RFC3339.appendTimeOfDay(microseconds: self.microseconds, to: &line)
        line += "\(style.reset) \(style.level)\(Self.padded(self.level))\(style.reset) ".utf8
        LogEscaping.append(self.message, to: &line)
        for (name, value) in self.fields {
            guard line.count - start < Self.lineLimit else {
                line += " ...".utf8
                break
            }
            line += " \(style.dim)".utf8
            LogEscaping.append(name, to: &line)
            line += "=\(style.reset)".utf8
            Self.appendValue("\(value)", to: &line)
        }
        line.append(UInt8(ascii: "\n"))
    }

    /// Quoted when it would not be seen as one word.
    private static func appendValue(_ text: String, to line: inout [UInt8]) {
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=") }
        if isPlain {
            LogEscaping.append(text, to: &line)
        } else {
            LogEscaping.appendQuoted(text, to: &line)
        }
    }

    private static func padded(_ level: Logger.Level) -> String {
        let name = level.rawValue.uppercased()
        return name + String(repeating: " ", count: max(0, 8 - name.utf8.count))
    }

    /// Terminal escapes of one line; empty without colour.
    private struct Style {
        var level = ""
        var dim = ""
        var reset = ""

        init(_ level: Logger.Level, colored: Bool) {
            guard colored else { return }
            self.dim = "\u{1B}[2m"
            self.reset = "\u{1B}[0m"
            self.level =
                switch level {
                case .trace, .debug: "\u{1B}[2m"
                case .info: "\u{1B}[32m"
                case .notice: "\u{1B}[36m"
                case .warning: "\u{1B}[33m"
                case .error: "\u{1B}[31m"
                case .critical: "\u{1B}[1;31m"
                }
        }
    }
}
