import Glibc

/// Maps text so that all spellings that one caseless rule accepts become the same bytes.
///
/// The other way round does not hold: texts that fold to the same bytes are candidates, and the rule's own test decides
/// (`ß` and `ss` fold alike, but the rule `ß` does not accept `ss`). Only characters that occur in a rule are mapped;
/// ASCII always is.
struct CaseFolding: BitwiseCopyable {
    /// Folded bytes are at most this many times as long as the text: the test of a rule's characters makes sure.
    static let growth = 3

    private let table: WordHash
    private let forms: UnsafePointer<UInt8>

    /// - Parameter characters: Every character beyond ASCII that a rule accepts.
    init(_ characters: Set<Unicode.Scalar>, arena: Arena) {
        var forms: [UInt8] = []
        var entries: [(key: WordHash.Key, value: Int32)] = []
        for scalar in characters.sorted() {
            let folded = Self.folded(scalar)
            entries.append((WordHash.Key(low: UInt64(scalar.value)), Int32(forms.count)))
            forms.append(UInt8(folded.count))
            forms += folded
        }
        self.table = WordHash(entries, arena: arena)
        self.forms = arena.put(forms)
    }

    static func folded(_ scalar: Unicode.Scalar) -> [UInt8] {
        func mapped(_ text: String, _ form: (Unicode.Scalar.Properties) -> String) -> String {
            text.unicodeScalars.reduce(into: "") { $0 += form($1.properties) }
        }
        let lower = scalar.properties.lowercaseMapping
        return Array(mapped(mapped(lower, \.uppercaseMapping), \.lowercaseMapping).utf8)
    }

    static func folded(_ text: [UInt8]) -> [UInt8] {
        String(decoding: text, as: UTF8.self).unicodeScalars.flatMap { Self.folded($0) }
    }

    /// Whether folding finds every text that a rule accepts. It does for every character of today's Unicode (a test
    /// goes through them all); a rule for which it does not is tested without an index.
    static func isFaithful(to text: CaselessText) -> Bool {
        text.units.allSatisfy { Self.folded($0.lower) == Self.folded($0.upper) }
            && Self.characters(of: text).allSatisfy {
                Self.folded($0).count <= String($0).utf8.count * Self.growth
            }
    }

    /// The characters beyond ASCII that `text` accepts.
    static func characters(of text: CaselessText) -> Set<Unicode.Scalar> {
        Set(
            text.units.flatMap { [$0.lower, $0.upper] }
                .flatMap { String(decoding: $0, as: UTF8.self).unicodeScalars }.filter { !$0.isASCII }
        )
    }

    /// Writes the folded form of a leaf.
    /// - Parameter target: Has room for `growth` times the leaf.
    /// - Returns: How many bytes were written.
    func fold(_ start: UnsafePointer<UInt8>, _ count: Int, into target: UnsafeMutablePointer<UInt8>) -> Int {
        var written = 0
        var index = 0
        while index < count {
            let byte = start[index]
            if byte < 0x80 {
                target[written] = byte.asciiLowercased
                written &+= 1
                index &+= 1
                continue
            }
            let length = min(byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2, count &- index)
            let form = self.table.find(WordHash.Key(low: UInt64(Self.scalar(start + index, length))))
            if form >= 0 {
                let size = Int(self.forms[Int(form)])
                memcpy(target + written, self.forms + Int(form) + 1, size)
                written &+= size
            } else {
                memcpy(target + written, start + index, length)
                written &+= length
            }
            index &+= length
        }
        return written
    }

    /// The character that well-formed UTF-8 bytes stand for.
    @inline(__always)
    private static func scalar(_ start: UnsafePointer<UInt8>, _ length: Int) -> UInt32 {
        var value = UInt32(start[0]) & (0x7F >> UInt32(length))
        for index in 1..<max(length, 1) { value = value << 6 | UInt32(start[index] & 0x3F) }
        return value
    }
}
