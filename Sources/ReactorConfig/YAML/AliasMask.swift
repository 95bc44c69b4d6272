/// Characters of the private use area that a text does not hold.
struct MarkCharacters {
    private static let area = UInt32(0xE000)...0xF8FF
    private let used: Set<Unicode.Scalar>
    /// Stands for the `*` of an alias. A text that holds all 6,400 characters of the area loses this distinction only.
    let alias: Unicode.Scalar

    init(absentFrom text: [Unicode.Scalar]) {
        self.used = Set(text.lazy.filter { Self.area.contains($0.value) })
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
    static func apply(to text: [Unicode.Scalar], mask: Unicode.Scalar) -> [Unicode.Scalar] {
        var result = text
        for (index, scalar) in text.enumerated() where scalar == "*" {
            if index == 0 || Self.mayBeginValue(after: text[index - 1]) { result[index] = mask }
        }
        return result
    }

    private static func mayBeginValue(after scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case " ", "\t", "[", "]", "{", "}", ",", ":", "-", "?", "\"", "'", "\u{FEFF}": true
        default: SourceText.endsLine(scalar)
        }
    }
}
