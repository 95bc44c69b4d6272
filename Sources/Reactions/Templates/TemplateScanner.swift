/// Reads the tags of a template: refuses what is not offered here, and finds out whether plain pieces are enough.
///
/// The grammar itself is checked by swift-mustache. Partials, blocks, other delimiters and pragmas are not offered:
/// there is no library of templates, and text is never escaped for HTML.
struct TemplateScanner {
    /// A template without sections: pieces that are put one after the other.
    enum Piece: Sendable, Hashable {
        case text(String)
        case value(ValuePath)
    }

    /// Sections inside sections, at most: rendering and parsing recurse.
    static let maxDepth = 16

    private let source: [UInt8]
    /// The names that a tag outside of sections may begin with, and who has them.
    private let names: [String]
    private let owner: String
    private var position = 0
    private var depth = 0
    private var isPlain = true
    private var pieces: [Piece] = []
    private var text: [UInt8] = []

    init(_ source: String, names: [String] = Self.eventNames, owner: String = "an event") {
        self.source = Array(source.utf8)
        self.names = names
        self.owner = owner
    }

    private static let eventNames = EnvelopeField.allCases.map(\.rawValue)

    /// The pieces, or nil when the template has sections, functions or comments.
    mutating func scan() throws(TemplateError) -> [Piece]? {
        while self.position < self.source.count {
            if self.startsTag {
                try self.readTag()
            } else {
                self.text.append(self.source[self.position])
                self.position += 1
            }
        }
        self.endText()
        return self.isPlain ? self.pieces : nil
    }

    private var startsTag: Bool {
        self.position + 1 < self.source.count && self.source[self.position] == UInt8(ascii: "{")
            && self.source[self.position + 1] == UInt8(ascii: "{")
    }

    private mutating func endText() {
        guard !self.text.isEmpty else { return }
        self.pieces.append(.text(String(decoding: self.text, as: UTF8.self)))
        self.text.removeAll()
    }

    private mutating func readTag() throws(TemplateError) {
        let start = self.position
        self.position += 2
        let isTriple = self.position < self.source.count && self.source[self.position] == UInt8(ascii: "{")
        guard let end = self.endOfTag(isTriple: isTriple) else {
            throw self.error("the tag is not closed", at: start)
        }
        var content = self.source[self.position..<end]
        self.position = end + (isTriple ? 3 : 2)
        var sigil: UInt8 = isTriple ? UInt8(ascii: "{") : 0
        if let first = content.first, Self.sigils.contains(first) {
            sigil = first
            content.removeFirst()
        }
        let name = String(decoding: content, as: UTF8.self).trimmingBlanks
        try self.take(sigil: sigil, name: name, at: start)
    }

    private static let sigils = Array("#^/!&><$=%{".utf8)

    private func endOfTag(isTriple: Bool) -> Int? {
        let closing = UInt8(ascii: "}")
        let length = isTriple ? 3 : 2
        var index = self.position
        while index + length <= self.source.count {
            if self.source[index..<index + length].allSatisfy({ $0 == closing }) { return index }
            index += 1
        }
        return nil
    }

    private mutating func take(sigil: UInt8, name: String, at start: Int) throws(TemplateError) {
        switch sigil {
        case UInt8(ascii: "#"), UInt8(ascii: "^"):
            try self.check(name, at: start)
            self.isPlain = false
            self.depth += 1
            if self.depth > Self.maxDepth {
                throw self.error("sections are nested deeper than \(Self.maxDepth)", at: start)
            }
        case UInt8(ascii: "/"):
            self.depth -= 1
        case UInt8(ascii: "!"):
            self.isPlain = false
        case UInt8(ascii: ">"), UInt8(ascii: "<"), UInt8(ascii: "$"):
            throw self.error("partial templates are not offered", at: start)
        case UInt8(ascii: "="):
            throw self.error("other delimiters than {{ and }} are not offered", at: start)
        case UInt8(ascii: "%"):
            throw self.error("pragmas are not offered", at: start)
        default:
            try self.check(name, at: start)
            if let path = ValuePath(name), self.depth == 0 {
                self.endText()
                self.pieces.append(.value(path))
            } else {
                self.isPlain = false
            }
        }
    }

    /// Outside of sections a name can only be one of those that there are; inside it may be a member of the section's value.
    private func check(_ name: String, at start: Int) throws(TemplateError) {
        guard !name.isEmpty else { throw self.error("the tag has no name", at: start) }
        var inner = Substring(name)
        while let open = inner.firstIndex(of: "(") {
            let function = String(inner[..<open])
            guard MustacheFunction(rawValue: function) != nil else {
                let known = MustacheFunction.allCases.map(\.rawValue).joined(separator: ", ")
                throw self.error("unknown function \"\(function)\"; there are \(known)", at: start)
            }
            inner = inner[inner.index(after: open)...]
        }
        let path = inner.prefix { $0 != ")" }
        guard self.depth == 0, path != ".", let root = path.split(separator: ".").first else { return }
        guard !self.names.contains(String(root)) else { return }
        let known = self.names.joined(separator: ", ")
        throw self.error("unknown name \"\(root)\"; \(self.owner) has \(known)", at: start)
    }

    private func error(_ message: String, at offset: Int) -> TemplateError {
        let before = self.source[..<offset]
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let column = String(decoding: before[lineStart...], as: UTF8.self).count + 1
        return TemplateError(message: message, line: line, column: column)
    }
}

extension String {
    /// Without the blanks, tabs and line ends at both ends.
    var trimmingBlanks: String {
        var view = self[...]
        while let first = view.first, first.isWhitespace { view.removeFirst() }
        while let last = view.last, last.isWhitespace { view.removeLast() }
        return String(view)
    }
}
