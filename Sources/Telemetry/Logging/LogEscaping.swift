/// Writes text so that it cannot leave its place in a log line nor move a terminal's cursor.
///
/// Escaped as `\u00XX`: C0 and C1 control characters, DEL, the line and paragraph separators, and the characters that
/// turn the direction of writing. Everything else that is UTF-8 stays as it is.
enum LogEscaping {
    /// Longest text in bytes that is written of one field.
    static let fieldLimit = 4_096

    /// Appends the text between quotation marks.
    static func appendQuoted(_ text: String, to line: inout [UInt8]) {
        line.append(UInt8(ascii: "\""))
        self.append(text, to: &line)
        line.append(UInt8(ascii: "\""))
    }

    /// Appends the escaped text; what is beyond the limit is left out and its length told.
    static func append(_ text: String, to line: inout [UInt8]) {
        var text = text
        text.withUTF8 { bytes in
            let end = self.characterBoundary(in: bytes, before: self.fieldLimit)
            self.append(UnsafeBufferPointer(rebasing: bytes[..<end]), to: &line)
            if end < bytes.count { line += "...[\(bytes.count - end) bytes more]".utf8 }
        }
    }

    private static func append(_ bytes: UnsafeBufferPointer<UInt8>, to line: inout [UInt8]) {
        // What need not be escaped is appended in runs.
        var runStart = 0
        var index = 0
        while index < bytes.count {
            let length = self.dangerousLength(bytes, at: index)
            guard length > 0 else {
                index += 1
                continue
            }
            line += UnsafeBufferPointer(rebasing: bytes[runStart..<index])
            self.appendEscaped(UnsafeBufferPointer(rebasing: bytes[index..<index + length]), to: &line)
            index += length
            runStart = index
        }
        line += UnsafeBufferPointer(rebasing: bytes[runStart...])
    }

    /// Appends the escape of one character that must not stay as it is.
    private static func appendEscaped(_ character: UnsafeBufferPointer<UInt8>, to line: inout [UInt8]) {
        switch (character.count, character[0]) {
        case (1, UInt8(ascii: "\"")): line += #"\""#.utf8
        case (1, UInt8(ascii: "\\")): line += #"\\"#.utf8
        case (1, UInt8(ascii: "\n")): line += #"\n"#.utf8
        case (1, UInt8(ascii: "\r")): line += #"\r"#.utf8
        case (1, UInt8(ascii: "\t")): line += #"\t"#.utf8
        case (1, let byte): self.appendEscape(UInt32(byte), to: &line)
        case (2, _): self.appendEscape(UInt32(character[1]), to: &line)
        default:
            let scalar = UInt32(character[1] & 0x3F) << 6 | UInt32(character[2] & 0x3F)
            self.appendEscape(0x2000 | scalar, to: &line)
        }
    }

    /// How many bytes from `index` on must be escaped together; 0 when the byte may stay.
    private static func dangerousLength(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> Int {
        let byte = bytes[index]
        switch byte {
        case 0..<0x20, UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x7F: return 1
        case 0xC2 where index + 1 < bytes.count:
            // U+0080 to U+009F.
            return bytes[index + 1] < 0xA0 ? 2 : 0
        case 0xE2 where index + 2 < bytes.count:
            switch (bytes[index + 1], bytes[index + 2]) {
            // U+200E, U+200F, U+2028 to U+202E; U+2066 to U+2069.
            case (0x80, 0x8E), (0x80, 0x8F), (0x80, 0xA8...0xAE), (0x81, 0xA6...0xA9): return 3
            default: return 0
            }
        default: return 0
        }
    }

    private static func appendEscape(_ scalar: UInt32, to line: inout [UInt8]) {
        line += #"\u"#.utf8
        for shift in [12, 8, 4, 0] as [UInt32] {
            let digit = UInt8(truncatingIfNeeded: scalar >> shift & 0xF)
            line.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }

    private static func characterBoundary(in bytes: UnsafeBufferPointer<UInt8>, before limit: Int) -> Int {
        guard bytes.count > limit else { return bytes.count }
        var end = limit
        while end > 0, UTF8.isContinuation(bytes[end]) { end -= 1 }
        return end
    }
}
