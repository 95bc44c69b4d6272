import Logging

extension LogRecord {
    /// Appends `{"ts":"...","level":"...","msg":"...",...}` and a line feed.
    func appendJSON(to line: inout [UInt8]) {
        let start = line.count
        line += #"{"ts":""#.utf8
        RFC3339.append(microseconds: self.microseconds, precision: .milliseconds, to: &line)
        line += #"","level":""#.utf8
        line += self.level.rawValue.utf8
        line += #"","msg":"#.utf8
        LogEscaping.appendQuoted(self.message, to: &line)
        for (name, value) in self.fields {
            guard line.count - start < Self.lineLimit else {
                line += #","truncated":true"#.utf8
                break
            }
            line.append(UInt8(ascii: ","))
            LogEscaping.appendQuoted(name, to: &line)
            line.append(UInt8(ascii: ":"))
            Self.appendJSON(value, depth: 1, limit: start + Self.lineLimit, to: &line)
        }
        line += "}\n".utf8
    }

    private static func appendJSON(_ value: Logger.MetadataValue, depth: Int, limit: Int, to line: inout [UInt8]) {
        switch value {
        case .string(let text):
            LogEscaping.appendQuoted(text, to: &line)
        case .stringConvertible(let value):
            if let number = self.number(value) {
                line += number.utf8
            } else {
                LogEscaping.appendQuoted(value.description, to: &line)
            }
        case .array, .dictionary:
            guard depth < self.depthLimit else { return LogEscaping.appendQuoted("...", to: &line) }
            self.appendNested(value, depth: depth + 1, limit: limit, to: &line)
        }
    }

    private static func appendNested(_ value: Logger.MetadataValue, depth: Int, limit: Int, to line: inout [UInt8]) {
        switch value {
        case .array(let elements):
            line.append(UInt8(ascii: "["))
            for (index, element) in elements.prefix(self.elementLimit).enumerated() where line.count < limit {
                if index > 0 { line.append(UInt8(ascii: ",")) }
                self.appendJSON(element, depth: depth, limit: limit, to: &line)
            }
            line.append(UInt8(ascii: "]"))
        case .dictionary(let members):
            line.append(UInt8(ascii: "{"))
            let sorted = members.sorted { $0.key < $1.key }.prefix(self.elementLimit)
            for (index, (name, value)) in sorted.enumerated() where line.count < limit {
                if index > 0 { line.append(UInt8(ascii: ",")) }
                LogEscaping.appendQuoted(name, to: &line)
                line.append(UInt8(ascii: ":"))
                self.appendJSON(value, depth: depth, limit: limit, to: &line)
            }
            line.append(UInt8(ascii: "}"))
        case .string, .stringConvertible:
            break
        }
    }

    /// The value as JSON writes it, if it is a number or a truth value.
    private static func number(_ value: any CustomStringConvertible) -> String? {
        switch value {
        case let value as Int: "\(value)"
        case let value as Int64: "\(value)"
        case let value as UInt64: "\(value)"
        case let value as Int32: "\(value)"
        case let value as Bool: "\(value)"
        case let value as Double where value.isFinite: "\(value)"
        default: nil
        }
    }
}
