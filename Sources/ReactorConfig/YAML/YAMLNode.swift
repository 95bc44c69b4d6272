/// A value of a YAML document: no anchors, no tags, and each part knows its place.
enum YAMLNode {
    case scalar(YAMLScalar)
    case sequence([YAMLNode], TextPosition)
    case mapping([YAMLMember], TextPosition)

    var position: TextPosition {
        switch self {
        case .scalar(let scalar): scalar.position
        case .sequence(_, let position), .mapping(_, let position): position
        }
    }

    /// How a message calls what it found here.
    var kind: String {
        switch self {
        case .scalar(let scalar): scalar.isNull ? "nothing" : "a single value"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// A text, number, true, false or nothing, as it was written.
struct YAMLScalar {
    enum Style {
        case plain
        case singleQuoted
        case doubleQuoted
        case block
    }

    /// The text after quotes, escapes and folding.
    var text: String
    var style: Style
    var position: TextPosition

    /// Nothing at all, `~` or `null`.
    var isNull: Bool { self.style == .plain && CoreScalar(plain: self.text) == .null }

    /// The place of the character of `text` with this number of scalars before it: exact in a plain or quoted value
    /// on one line without escapes, else the start of the value.
    func position(at offset: Int, in source: SourceText) -> TextPosition {
        let quote = self.style == .plain ? 0 : 1
        let written = source.rest(self.position).dropFirst(quote).prefix(self.text.unicodeScalars.count)
        guard self.style != .block, written.elementsEqual(self.text.unicodeScalars) else { return self.position }
        return TextPosition(line: self.position.line, column: self.position.column + quote + offset)
    }
}

/// One `key: value` of a mapping.
struct YAMLMember {
    var key: String
    var position: TextPosition
    var value: YAMLNode
}
