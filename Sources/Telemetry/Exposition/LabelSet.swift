/// The labels of one sample, escaped and written out once: `event_type="run.failed",handler="pager"`.
package struct LabelSet: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    /// What stands between the braces; empty when there are no labels.
    package let text: [UInt8]
    /// How many labels these are.
    package let count: Int

    package static let none = LabelSet([])

    package init(_ labels: [(name: String, value: String)]) {
        var text: [UInt8] = []
        for (name, value) in labels {
            if !text.isEmpty { text.append(UInt8(ascii: ",")) }
            text += name.utf8
            text += #"=""#.utf8
            Self.escape(value, into: &text)
            text.append(UInt8(ascii: "\""))
        }
        self.text = text
        self.count = labels.count
    }

    package init(dictionaryLiteral elements: (String, String)...) {
        self.init(elements.map { (name: $0, value: $1) })
    }

    /// Longest label value in bytes of UTF-8 that is written; what is longer is cut.
    static let valueLimit = 256

    /// Escapes a label's value as the format asks: backslash, quotation mark and line feed.
    private static func escape(_ value: String, into text: inout [UInt8]) {
        for byte in value.utf8CappedAt(Self.valueLimit) {
            switch byte {
            case UInt8(ascii: "\\"): text += #"\\"#.utf8
            case UInt8(ascii: "\""): text += #"\""#.utf8
            case UInt8(ascii: "\n"): text += #"\n"#.utf8
            default: text.append(byte)
            }
        }
    }
}

extension String {
    /// The bytes up to the last character boundary at or before `limit`.
    func utf8CappedAt(_ limit: Int) -> Substring.UTF8View {
        guard self.utf8.count > limit else { return self[...].utf8 }
        var end = self.utf8.index(self.utf8.startIndex, offsetBy: limit)
        while end > self.utf8.startIndex, UTF8.isContinuation(self.utf8[end]) {
            end = self.utf8.index(before: end)
        }
        return self[..<end].utf8
    }
}
