/// A condition on one label: `severity=~"HIGH|CRITICAL"`.
package struct LabelMatcher: Sendable, Hashable, CustomStringConvertible {
    package enum Operation: String, Sendable, Hashable, CaseIterable {
        case equal = "="
        case notEqual = "!="
        case matches = "=~"
        case matchesNot = "!~"

        package var isPattern: Bool { self == .matches || self == .matchesNot }
        package var isNegated: Bool { self == .notEqual || self == .matchesNot }
    }

    package let name: String
    package let operation: Operation
    package let value: String
    private let pattern: LinearPattern?

    /// Throws for a name that no label can have, or a value that is no regular expression where one is needed; the
    /// offset counts from the start of the name or the value.
    package init(_ name: String, _ operation: Operation, _ value: String) throws(PatternError) {
        guard AlertLabels.isValidName(name) else {
            throw PatternError("\(Self.quoted(name)) is no label name; one has letters, digits and _ only", at: 0)
        }
        self.name = name
        self.operation = operation
        self.value = value
        self.pattern = operation.isPattern ? try LinearPattern(value) : nil
    }

    /// `name=value`, which cannot fail: for labels that exist.
    package init(equal label: AlertLabels.Label) {
        self.name = label.name
        self.operation = .equal
        self.value = label.value
        self.pattern = nil
    }

    /// A missing label counts as an empty one.
    package func matches(_ labels: AlertLabels) -> Bool { self.matches(value: labels[self.name]) }

    package func matches(value: String) -> Bool {
        let holds = self.pattern.map { $0.matches(value) } ?? value.hasSameBytes(as: self.value)
        return holds != self.operation.isNegated
    }

    /// Whether labels without this one match. A silence needs a matcher that does not, or it would hide everything.
    package var matchesEmpty: Bool { self.matches(value: "") }

    package var description: String { "\(self.name)\(self.operation.rawValue)\(Self.quoted(self.value))" }

    /// In double quotes, with what has to be escaped in them.
    static func quoted(_ text: String) -> String {
        let isPlain = !text.utf8.contains {
            $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "\n")
        }
        if isPlain { return "\"" + text + "\"" }
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}

extension [LabelMatcher] {
    /// Whether all hold; an empty list always does.
    package func matches(_ labels: AlertLabels) -> Bool { self.allSatisfy { $0.matches(labels) } }
}
