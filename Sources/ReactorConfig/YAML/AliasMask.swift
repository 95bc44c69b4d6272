/// Characters of the private use area that a text does not hold.
struct MarkCharacters {
    private let free: [Unicode.Scalar]

    init(absentFrom text: String) {
        let area = UInt32(0xE000)...0xF8FF
        let used = Set(text.unicodeScalars.lazy.filter { area.contains($0.value) })
        self.free = area.lazy.compactMap(Unicode.Scalar.init).filter { !used.contains($0) }
    }

    /// Stands for the `*` of an alias. A text that holds all 6,400 characters of the area loses this distinction only.
    var alias: Unicode.Scalar { self.free.first ?? "\u{E000}" }

    /// Stands for the first character of the key with this number.
    func key(_ number: Int) -> Unicode.Scalar? {
        self.free.indices.contains(number + 1) ? self.free[number + 1] : nil
    }
}

/// Hides what could be an alias from the YAML parser.
enum AliasMask {
    /// Replaces each `*` where a value may begin: at the start, after a blank or after an opening or separating sign.
    static func apply(to text: String, mask: Unicode.Scalar) -> String {
        guard text.utf8.contains(UInt8(ascii: "*")) else { return text }
        var result = String.UnicodeScalarView()
        var previous: Unicode.Scalar = "\n"
        for scalar in text.unicodeScalars {
            result.append(scalar == "*" && Self.mayBeginValue(after: previous) ? mask : scalar)
            previous = scalar
        }
        return String(result)
    }

    private static func mayBeginValue(after scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case " ", "\t", "[", "]", "{", "}", ",", ":", "-", "?", "\"", "'", "\u{FEFF}": true
        default: SourceText.endsLine(scalar)
        }
    }
}
