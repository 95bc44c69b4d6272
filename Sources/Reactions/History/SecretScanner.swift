/// Finds secrets by their form, in one walk over a text: time grows with its length and nothing else.
struct SecretScanner {
    struct Secret {
        let range: Range<Int>
        let mark: String
    }

    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Beginnings of keys, how many letters and digits follow at least, and what stands for them.
    private static let prefixes: [(text: [UInt8], least: Int, mark: String)] = [
        (Array("AKIA".utf8), 16, "<REDACTED_AWS_KEY>"), (Array("ASIA".utf8), 16, "<REDACTED_AWS_KEY>"),
        (Array("ghp_".utf8), 20, "<REDACTED_GITHUB_TOKEN>"), (Array("gho_".utf8), 20, "<REDACTED_GITHUB_TOKEN>"),
        (Array("ghu_".utf8), 20, "<REDACTED_GITHUB_TOKEN>"), (Array("ghs_".utf8), 20, "<REDACTED_GITHUB_TOKEN>"),
        (Array("ghr_".utf8), 20, "<REDACTED_GITHUB_TOKEN>"),
        (Array("github_pat_".utf8), 20, "<REDACTED_GITHUB_TOKEN>"),
        (Array("xoxa-".utf8), 10, "<REDACTED_SLACK_TOKEN>"), (Array("xoxb-".utf8), 10, "<REDACTED_SLACK_TOKEN>"),
        (Array("xoxp-".utf8), 10, "<REDACTED_SLACK_TOKEN>"), (Array("xoxr-".utf8), 10, "<REDACTED_SLACK_TOKEN>"),
        (Array("xoxs-".utf8), 10, "<REDACTED_SLACK_TOKEN>"), (Array("xapp-".utf8), 10, "<REDACTED_SLACK_TOKEN>"),
    ]
    private static let bearer = Array("bearer ".utf8)

    /// Whether a text is worth being scanned: it holds the sign of an address, or two bytes that a key or a bearer token
    /// begins with. Nearly no text is.
    static func mayHoldSecrets(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { self.mayHoldSecrets($0) }
    }

    static func mayHoldSecrets(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var last: UInt8 = 0
        for byte in text {
            switch byte {
            case UInt8(ascii: "@"): return true
            case UInt8(ascii: "K"), UInt8(ascii: "S"): if last == UInt8(ascii: "A") { return true }
            case UInt8(ascii: "h"), UInt8(ascii: "i"): if last == UInt8(ascii: "g") { return true }
            case UInt8(ascii: "o"), UInt8(ascii: "a"): if last == UInt8(ascii: "x") { return true }
            case UInt8(ascii: "e"), UInt8(ascii: "E"): if last | 0x20 == UInt8(ascii: "b") { return true }
            default: break
            }
            last = byte
        }
        return false
    }

    /// In the order of the text; nil when there are none.
    func secrets() -> [Secret]? {
        var found: [Secret] = []
        var index = 0
        while index < self.bytes.count {
            let secret = self.secret(at: index)
            if let secret { found.append(secret) }
            index = secret?.range.upperBound ?? index + 1
        }
        return found.isEmpty ? nil : found
    }

    private func secret(at index: Int) -> Secret? {
        switch self.bytes[index] {
        case UInt8(ascii: "@"): return self.address(around: index)
        case UInt8(ascii: "A"), UInt8(ascii: "g"), UInt8(ascii: "x"): return self.key(at: index)
        case UInt8(ascii: "B"), UInt8(ascii: "b"): return self.bearerToken(at: index)
        default: return nil
        }
    }

    private func key(at index: Int) -> Secret? {
        guard self.isStart(index) else { return nil }
        for prefix in Self.prefixes where self.bytes[index...].starts(with: prefix.text) {
            let end = self.end(from: index + prefix.text.count) { Self.isWord($0) || $0 == UInt8(ascii: "-") }
            if end - index - prefix.text.count >= prefix.least { return Secret(range: index..<end, mark: prefix.mark) }
        }
        return nil
    }

    /// `Bearer` and a token of at least eight characters, as RFC 6750 writes it.
    private func bearerToken(at index: Int) -> Secret? {
        let end = index + Self.bearer.count
        guard self.isStart(index), end < self.bytes.count,
            self.bytes[index..<end].elementsEqual(Self.bearer, by: { $0 | 0x20 == $1 | 0x20 })
        else { return nil }
        let tokenEnd = self.end(from: end) { Self.isWord($0) || "-.~+/=".utf8.contains($0) }
        guard tokenEnd - end >= 8 else { return nil }
        return Secret(range: end..<tokenEnd, mark: Redaction.mark)
    }

    /// Letters, digits and `.%+-_` before the sign, a name with a point behind it. Parts are as long as mail allows, so
    /// that no text is walked over twice.
    private func address(around sign: Int) -> Secret? {
        var start = sign
        while start > 0, sign - start < 64,
            Self.isWord(self.bytes[start - 1]) || ".%+-".utf8.contains(self.bytes[start - 1])
        {
            start -= 1
        }
        var end = sign + 1
        while end < self.bytes.count, end - sign <= 255,
            Self.isLetterOrDigit(self.bytes[end]) || ".-".utf8.contains(self.bytes[end])
        {
            end += 1
        }
        while end > sign + 1, ".-".utf8.contains(self.bytes[end - 1]) { end -= 1 }
        let domain = self.bytes[(sign + 1)..<end]
        guard start < sign, let point = domain.lastIndex(of: UInt8(ascii: ".")), point > sign + 1, end - point > 2
        else {
            return nil
        }
        return Secret(range: start..<end, mark: "<REDACTED_EMAIL>")
    }

    /// The ranges of values that stand behind the quoted name of a secret and a colon.
    func namedValues() -> [Range<Int>] {
        var found: [Range<Int>] = []
        var index = 0
        while let start = self.bytes[index...].firstIndex(of: UInt8(ascii: "\"")) {
            let end = self.closingQuote(from: start + 1)
            index = min(end + 1, self.bytes.count)
            var next = self.end(from: index) { $0 <= 0x20 }
            guard next < self.bytes.count, self.bytes[next] == UInt8(ascii: ":") else { continue }
            next = self.end(from: next + 1) { $0 <= 0x20 }
            guard next < self.bytes.count,
                Redaction.isSecret(name: String(decoding: self.bytes[(start + 1)..<end], as: UTF8.self))
            else { continue }
            // A value that is cut off, or no text, goes up to where a value can end.
            let isText = self.bytes[next] == UInt8(ascii: "\"")
            let valueEnd =
                isText
                ? min(self.closingQuote(from: next + 1) + 1, self.bytes.count)
                : self.end(from: next) { !",}".utf8.contains($0) }
            found.append(next..<valueEnd)
            index = valueEnd
        }
        return found
    }

    /// The place of the quote that ends a text, or the end of all.
    private func closingQuote(from start: Int) -> Int {
        var index = start
        while index < self.bytes.count, self.bytes[index] != UInt8(ascii: "\"") {
            index += self.bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(index, self.bytes.count)
    }

    private func end(from start: Int, while condition: (UInt8) -> Bool) -> Int {
        var index = start
        while index < self.bytes.count, condition(self.bytes[index]) { index += 1 }
        return index
    }

    private func isStart(_ index: Int) -> Bool { index == 0 || !Self.isWord(self.bytes[index - 1]) }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool { Self.isLetterOrDigit(byte) || byte == UInt8(ascii: "_") }
}
