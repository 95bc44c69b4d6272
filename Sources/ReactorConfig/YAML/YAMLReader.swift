internal import Yams

/// Reads YAML into nodes that know their places, and refuses what has no business in a configuration.
///
/// Yams would expand aliases while it reads, and a key that is an expanded alias costs exponential time to compare. So
/// each `*` that could begin an alias is replaced by a character that the text does not hold (`mask`) before Yams sees
/// it: nothing is ever expanded. Afterwards a plain value that begins with the mask was an alias, and every other mask
/// becomes a `*` again. Yams also stops at the first key that stands twice; the first of the two gets another
/// character in the same manner and is given its name back afterwards, so that all of them are reported.
struct YAMLReader {
    /// Larger files are refused unread.
    static let maximumBytes = 1 << 20
    static let maximumDepth = 32
    /// After so many keys that stand twice in one file no more are looked for.
    private static let maximumDuplicates = 20
    /// After so many problems of one file no more are noted.
    private static let maximumProblems = 100

    /// The documents of the text that could be read; an empty document is left out.
    private(set) var documents: [YAMLNode] = []
    private(set) var problems: [YAMLProblem] = []

    private let source: SourceText
    private let marks: MarkCharacters
    private var renamedKeys: [TextPosition: String] = [:]

    init(_ source: SourceText) {
        self.source = source
        self.marks = MarkCharacters(absentFrom: source.scalars)
        if let (position, scalar) = source.firstForbidden() {
            let number = String(scalar.value, radix: 16, uppercase: true)
            let name = "U+" + String(repeating: "0", count: max(0, 4 - number.count)) + number
            self.report(.notText, "the character \(name) is not allowed in YAML", at: position)
        } else {
            self.read()
        }
    }

    private mutating func read() {
        var text = AliasMask.apply(to: self.source.scalars, mask: self.marks.alias)
        while true {
            do {
                let roots = try Self.compose(text)
                self.documents = roots.compactMap { self.convert($0, depth: 1) }.filter {
                    if case .scalar(let scalar) = $0 { !(scalar.isNull && scalar.text.isEmpty) } else { true }
                }
                return
            } catch YamlError.duplicatedKeysInMapping(_, let context) {
                let position = TextPosition(line: context.mark.line, column: context.mark.column)
                guard self.renameKey(at: position, in: &text) else {
                    self.report(.duplicateKey, "this key stands twice in its mapping", at: position)
                    return
                }
            } catch {
                self.note(YAMLProblem(error, in: self.source))
                return
            }
        }
    }

    private static func compose(_ text: [Unicode.Scalar]) throws -> [Node] {
        let yaml = String(String.UnicodeScalarView(text))
        let parser = try Parser(yaml: yaml, resolver: .basic, encoding: .utf8)
        var roots: [Node] = []
        while let root = try parser.nextRoot() { roots.append(root) }
        return roots
    }

    /// Gives the key at a place a name of its own, of the same length; false if that cannot be done.
    private mutating func renameKey(at position: TextPosition, in text: inout [Unicode.Scalar]) -> Bool {
        guard self.renamedKeys.count < Self.maximumDuplicates else { return false }
        let first = self.source.rest(position).first
        let isQuoted = first == "\"" || first == "'"
        let target = TextPosition(line: position.line, column: position.column + (isQuoted ? 1 : 0))
        guard let offset = self.source.offset(of: target), let mark = self.marks.key(self.renamedKeys.count) else {
            return false
        }
        let original = self.source.scalars[offset]
        guard original != "\"", original != "'", original != "\\" else { return false }
        text[offset] = mark
        self.renamedKeys[position] = String(original)
        return true
    }

    private mutating func note(_ problem: YAMLProblem) {
        if self.problems.count < Self.maximumProblems { self.problems.append(problem) }
    }

    private mutating func report(
        _ code: DiagnosticCode,
        _ message: String,
        at position: TextPosition,
        length: Int = 1
    ) {
        self.note(YAMLProblem(code: code, message: message, position: position, length: length))
    }
}

// MARK: - Nodes

extension YAMLReader {
    /// Nil for a part that is refused; the problem is then noted.
    private mutating func convert(_ node: Node, depth: Int) -> YAMLNode? {
        // Every node that was parsed has a mark.
        let position = TextPosition(line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
        guard depth <= Self.maximumDepth else {
            self.report(.tooDeep, "nested deeper than \(Self.maximumDepth) levels", at: position)
            return nil
        }
        if let problem = self.property(at: position) {
            // A mapping begins where its first key does.
            if self.problems.last?.position != position { self.note(problem) }
            return nil
        }
        switch node {
        case .scalar(let scalar): return self.convert(scalar, at: position).map(YAMLNode.scalar)
        case .sequence(let sequence):
            return .sequence(sequence.compactMap { self.convert($0, depth: depth + 1) }, position)
        case .mapping(let mapping): return .mapping(self.members(mapping, depth: depth), position)
        case .alias: return nil
        }
    }

    /// A node that begins with `&` has an anchor, with `!` a tag: neither can begin a plain value.
    private func property(at position: TextPosition) -> YAMLProblem? {
        let word = self.source.rest(position).prefix {
            !$0.properties.isWhitespace && !",]}".unicodeScalars.contains($0)
        }
        switch word.first {
        case "&":
            let message = "anchors and aliases are not supported: write the value out, or quote it if it is text"
            return YAMLProblem(code: .anchorOrAlias, message: message, position: position, length: word.count)
        case "!":
            let message = "tags are not supported: the field decides how its value is read; quote it if it is text"
            return YAMLProblem(code: .tag, message: message, position: position, length: word.count)
        default: return nil
        }
    }

    private mutating func convert(_ scalar: Node.Scalar, at position: TextPosition) -> YAMLScalar? {
        let style = YAMLScalar.Style(scalar.style)
        let isAlias = scalar.string.unicodeScalars.first == self.marks.alias || self.renamedKeys[position] == "*"
        if style == .plain, isAlias {
            let text = "*" + self.unmask(String(scalar.string.unicodeScalars.dropFirst()))
            let message =
                "`*` begins an alias in YAML, and aliases are not supported; if text is meant, quote it: \"\(text)\""
            self.report(.anchorOrAlias, message, at: position, length: text.unicodeScalars.count)
            return nil
        }
        return YAMLScalar(text: self.unmask(scalar.string), style: style, position: position)
    }

    private func unmask(_ text: String) -> String {
        guard text.unicodeScalars.contains(self.marks.alias) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == self.marks.alias ? "*" : $0 }))
    }

    private mutating func members(_ mapping: Node.Mapping, depth: Int) -> [YAMLMember] {
        var members: [YAMLMember] = []
        var places: [String: TextPosition] = [:]
        for (key, value) in mapping {
            guard let name = self.key(key, depth: depth + 1) else { continue }
            let value = self.convert(value, depth: depth + 1)
            if let first = places[name.text] {
                let message = "`\(name.text)` stands twice in this mapping; it is already at line \(first.line)"
                self.report(.duplicateKey, message, at: name.position, length: name.text.unicodeScalars.count)
            } else if let value {
                places[name.text] = name.position
                members.append(YAMLMember(key: name.text, position: name.position, value: value))
            }
        }
        return members
    }

    private mutating func key(_ node: Node, depth: Int) -> YAMLScalar? {
        guard let converted = self.convert(node, depth: depth) else { return nil }
        guard case .scalar(var name) = converted else {
            let before = TextPosition(line: converted.position.line, column: converted.position.column - 1)
            let isTemplate = before.column > 0 && self.source.rest(before).starts(with: "{{".unicodeScalars)
            let message =
                isTemplate
                ? "a text that begins with `{{` must be quoted" : "a key must be a single text, found \(converted.kind)"
            self.report(.keyNotText, message, at: isTemplate ? before : converted.position)
            return nil
        }
        if let original = self.renamedKeys[name.position] {
            name.text = original + String(name.text.unicodeScalars.dropFirst())
        }
        return name
    }
}

extension YAMLScalar.Style {
    fileprivate init(_ style: Node.Scalar.Style) {
        switch style {
        case .any, .plain: self = .plain
        case .singleQuoted: self = .singleQuoted
        case .doubleQuoted: self = .doubleQuoted
        case .literal, .folded: self = .block
        }
    }
}
