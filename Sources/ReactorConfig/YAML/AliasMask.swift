/// Characters of the private use area that a text does not hold.
struct MarkCharacters {
    private static let area = UInt32(0xE000)...0xF8FF
    private let used: Set<Unicode.Scalar>
    /// Stands for the `*` of an alias. A text that holds all 6,400 characters of the area loses this distinction only.
    let alias: Unicode.Scalar

    init(absentFrom text: String) {
        // UTF-8 writes the area with these two first bytes; hardly any text has them.
        let mayHoldSome = text.utf8.contains { $0 == 0xEE || $0 == 0xEF }
        self.used = mayHoldSome ? Set(text.unicodeScalars.filter { Self.area.contains($0.value) }) : []
        self.alias = Self.free(0, self.used) ?? "\u{E000}"
    }

    /// Stands for the first character of the key with this number.
    func key(_ number: Int) -> Unicode.Scalar? { Self.free(number + 1, self.used) }

    private static func free(_ number: Int, _ used: Set<Unicode.Scalar>) -> Unicode.Scalar? {
        var left = number
        for value in Self.area {
            guard let scalar = Unicode.Scalar(value), !used.contains(scalar) else { continue }
            if left == 0 { return scalar }
            left -= 1
        }
        return nil
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
