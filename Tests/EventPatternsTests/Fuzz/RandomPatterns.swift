import EventPatterns
import SeededRandom

/// Random patterns and events over a vocabulary so small that they often meet, and full of what is easily got wrong.
struct RandomPatterns {
    /// What a round is about. Each theme makes likely what is rare in the others.
    enum Theme: CaseIterable {
        /// A bit of everything.
        case everything
        /// Several fields of objects in arrays, some of them absent.
        case arrays
        /// Many wildcards over two letters.
        case wildcards
        /// Many ranges of small numbers.
        case ranges
        /// Many `anything-but` tests of one field.
        case exclusions
        /// Many texts that differ in case.
        case cases
        /// Many rules that want the same of the same fields.
        case crowds
    }

    var random: SplitMix64
    let theme: Theme

    init(seed: UInt64, theme: Theme) {
        self.random = SplitMix64(seed: seed)
        self.theme = theme
    }

    /// How many rules make a round; enough for more than one word of bits where that matters.
    var ruleCount: Int {
        switch self.theme {
        case .everything, .arrays: 25
        case .wildcards, .ranges, .cases: 60
        case .exclusions: 150
        case .crowds: 400
        }
    }

    private static let mark = PatternMark(line: 1, column: 1)
    private static let names = ["a", "b", "c", "d", "a.b", "z"]
    private static let texts = [
        "", "a", "b", "A", "ab", "aB", "AB", "abc", "ba", "aab", "bab", "é", "É", "e\u{301}", "ß", "ss", "SS", "σ", "ς",
        "Σ", "k", "K", "\u{212A}", "😀", "x😀", "x??", "\u{130}", "i\u{307}", "10.0.0.1", "10.0.0.01", "010.0.0.1",
        "10.1.2.3", "2001:db8::1", "2001:DB8:0:0:0:0:0:1", "::ffff:a00:1", "::", "12:30", "ab:cd", "a*b", "a\\b", "\n",
        "5",
        "true", "null", "\u{10400}", "\u{10428}",
    ]
    private static let numbers = [
        "0", "-0", "1", "1.0", "1e0", "5", "-3.5", "300", "3.0e2", "9007199254740993", "9007199254740992", "0.1",
        "27.807807921694092", "27.807807921694092123", "1e400", "1E-325", "1e-320", "123456789012", "2.5", "10",
    ]
    private static let exactNumbers = ["0", "-0", "1", "5", "-3.5", "300", "9007199254740992", "0.1", "1e-320", "2.5"]
    private static let blocks = [
        "10.0.0.0/8", "10.1.0.0/16", "10.0.0.1/32", "0.0.0.0/0", "2001:db8::/32", "2001:db8::1/128", "::/0",
        "::ffff:0:0/96",
    ]

    // MARK: Patterns

    private func text(_ value: String) -> PatternNode { .string(value, Self.mark) }
    private func list(_ values: [PatternNode]) -> PatternNode { .array(values, Self.mark) }

    private func object(_ members: [(String, PatternNode)]) -> PatternNode {
        .object(members.map { PatternMember(name: $0.0, mark: Self.mark, value: $0.1) }, Self.mark)
    }

    mutating func pattern() -> PatternNode {
        switch self.theme {
        case .everything: return self.pattern(depth: 0)
        case .arrays: return self.object([("r", self.arrayPattern(depth: 0))])
        case .wildcards:
            let glob = self.object([("wildcard", self.text(self.wildcard()))])
            let test = self.random.once(in: 4) ? self.object([("anything-but", glob)]) : glob
            return self.object([("a", self.list([test]))])
        case .ranges: return self.object([("a", self.list([self.object([("numeric", self.range())])]))])
        case .exclusions:
            return self.object([("a", self.list([self.object([("anything-but", self.exclusion())])]))])
        case .cases: return self.object([("a", self.list([self.caseTest()]))])
        case .crowds:
            return self.object([
                ("a", self.list([self.text(self.random.pick(["x", "y"]))])), ("b", self.arrayTest()),
            ])
        }
    }

    private mutating func arrayPattern(depth: Int) -> PatternNode {
        var members = ["a", "b", "c"].filter { _ in self.random.once(in: 2) }.map { ($0, self.arrayTest()) }
        if depth < 2, self.random.once(in: 2) || members.isEmpty {
            members.append((self.random.pick(["aa", "s"]), self.arrayPattern(depth: depth + 1)))
        }
        if members.isEmpty { members = [("a", self.arrayTest())] }
        return self.object(members)
    }

    private mutating func arrayTest() -> PatternNode {
        switch self.random.below(5) {
        case 0: return self.list([self.object([("exists", .bool(false, Self.mark))])])
        case 1: return self.list([self.object([("exists", .bool(false, Self.mark))]), self.text("x")])
        case 2: return self.list([self.object([("exists", .bool(true, Self.mark))])])
        default: return self.list([self.text(self.random.pick(["x", "y"]))])
        }
    }

    private mutating func caseTest() -> PatternNode {
        let text = self.text((0..<self.random.below(4)).map { _ in self.random.pick(Self.casedLetters) }.joined())
        let caseless = self.object([("equals-ignore-case", text)])
        switch self.random.below(3) {
        case 0: return caseless
        case 1: return self.object([("prefix", caseless)])
        default: return self.object([("suffix", caseless)])
        }
    }

    private static let casedLetters = [
        "a", "A", "ß", "s", "S", "SS", "é", "É", "k", "\u{212A}", "σ", "ς", "Σ", "\u{130}", "i\u{307}", "ŉ", "ʼN", "ﬀ",
    ]

    private mutating func pattern(depth: Int) -> PatternNode {
        let count = 1 + self.random.below(depth == 0 ? 3 : 2)
        var members: [(String, PatternNode)] = []
        for _ in 0..<count {
            if depth < 3, self.random.once(in: 9) {
                let branches = (0..<2 + self.random.below(2)).map { _ in self.pattern(depth: depth + 1) }
                members.append(("$or", self.list(branches)))
            } else if depth < 2, self.random.once(in: 3) {
                members.append((self.random.pick(Self.names), self.pattern(depth: depth + 1)))
            } else {
                let tests = (0..<1 + self.random.below(3)).map { _ in self.test() }
                members.append((self.random.pick(Self.names), self.list(tests)))
            }
        }
        return self.object(members)
    }

    private mutating func test() -> PatternNode {
        switch self.random.below(17) {
        case 0, 1, 2: return self.text(self.string())
        case 3: return .number(self.random.pick(Self.numbers), Self.mark)
        case 4: return self.random.once(in: 2) ? .null(Self.mark) : .bool(self.random.once(in: 2), Self.mark)
        case 5: return self.object([("exists", .bool(self.random.once(in: 2), Self.mark))])
        case 6: return self.object([("prefix", self.text(self.affix()))])
        case 7: return self.object([("suffix", self.text(self.affix()))])
        case 8: return self.object([("equals-ignore-case", self.text(self.string()))])
        case 9:
            let inner = self.object([("equals-ignore-case", self.text(self.affix()))])
            return self.object([(self.random.once(in: 2) ? "prefix" : "suffix", inner)])
        case 10, 11: return self.object([("wildcard", self.text(self.wildcard()))])
        case 12: return self.object([("numeric", self.range())])
        case 13: return self.object([("cidr", self.text(self.random.pick(Self.blocks)))])
        case 14: return self.object([("exactly", self.text(self.string()))])
        default: return self.object([("anything-but", self.exclusion())])
        }
    }

    private mutating func exclusion() -> PatternNode {
        switch self.random.below(6) {
        case 0: return self.text(self.string())
        case 1: return self.list((0..<3).map { _ in self.text(self.string()) })
        case 2: return self.list((0..<2).map { _ in .number(self.random.pick(Self.exactNumbers), Self.mark) })
        case 3: return self.object([("wildcard", self.list([self.text(self.wildcard()), self.text(self.wildcard())]))])
        case 4: return self.object([("equals-ignore-case", self.text(self.string()))])
        default:
            let name = self.random.once(in: 2) ? "prefix" : "suffix"
            return self.object([(name, self.list([self.text("a" + self.affix()), self.text("b")]))])
        }
    }

    private mutating func range() -> PatternNode {
        let low = self.random.below(8)
        func number(_ value: Int) -> PatternNode { .number("\(value)", Self.mark) }
        switch self.random.below(4) {
        case 0: return self.list([self.text("="), .number(self.random.pick(Self.exactNumbers), Self.mark)])
        case 1: return self.list([self.text(self.random.pick(["<", "<="])), number(low)])
        case 2: return self.list([self.text(self.random.pick([">", ">="])), number(low)])
        default:
            return self.list([
                self.text(self.random.pick([">", ">="])), number(low - 3),
                self.text(self.random.pick(["<", "<="])), number(low + self.random.below(3)),
            ])
        }
    }

    private mutating func string() -> String {
        if self.random.once(in: 3) { return self.letters(4) }
        return self.random.pick(Self.texts)
    }

    private mutating func affix() -> String {
        self.random.once(in: 3) ? self.random.pick(Self.texts) : self.letters(2)
    }

    private mutating func letters(_ most: Int) -> String {
        (0..<self.random.below(most + 1)).map { _ in self.random.pick(["a", "a", "b", "A", "é"]) }.joined()
    }

    private mutating func wildcard() -> String {
        let letters = self.theme == .wildcards ? ["a", "a", "b"] : ["a", "a", "b", "A", "é"]
        var pieces = (0..<1 + self.random.below(5)).map { _ in
            (0..<self.random.below(4)).map { _ in self.random.pick(letters) }.joined()
        }
        // No two stars side by side.
        for index in pieces.indices.dropFirst().dropLast() where pieces[index].isEmpty { pieces[index] = "b" }
        if self.random.once(in: 8) { pieces[0] += "\\*" }
        return pieces.joined(separator: "*")
    }

    // MARK: Events

    /// The text of an object.
    mutating func event() -> String {
        switch self.theme {
        case .everything: return self.event(depth: 0)
        case .arrays: return "{\"r\":\(self.arrayValue(depth: 0))}"
        case .wildcards:
            return "{\"a\":\"\((0..<self.random.below(12)).map { _ in self.random.pick(["a", "a", "b"]) }.joined())\"}"
        case .ranges: return "{\"a\":\(self.random.below(14) - 4)\(self.random.pick(["", ".5", ".0"]))}"
        case .exclusions: return "{\"a\":\(self.value(depth: 4))}"
        case .crowds:
            let b = self.random.pick(["\"b\":\"x\"", "\"b\":\"y\"", "\"c\":1"])
            return "{\"a\":\"\(self.random.pick(["x", "y", "z"]))\",\(b)}"
        case .cases:
            let text = (0..<self.random.below(5)).map { _ in self.random.pick(Self.casedLetters) }.joined()
            return "{\"a\":\(Self.quoted(text))}"
        }
    }

    /// An object, or an array of objects and arrays.
    private mutating func arrayValue(depth: Int) -> String {
        if depth < 4, self.random.once(in: depth == 0 ? 1 : 3) {
            return
                "[\((0..<self.random.below(4)).map { _ in self.arrayValue(depth: depth + 1) }.joined(separator: ","))]"
        }
        var members = ["a", "b", "c"].filter { _ in !self.random.once(in: 3) }
            .map { "\"\($0)\":\"\(self.random.pick(["x", "y"]))\"" }
        if depth < 4, self.random.once(in: 2) {
            members.append("\"\(self.random.pick(["aa", "s"]))\":\(self.arrayValue(depth: depth + 1))")
        }
        return "{\(members.joined(separator: ","))}"
    }

    private mutating func event(depth: Int) -> String {
        let members = (0..<self.random.below(depth == 0 ? 5 : 4)).map { _ in
            "\(Self.quoted(self.random.pick(Self.names))):\(self.value(depth: depth + 1))"
        }
        return "{\(members.joined(separator: ","))}"
    }

    private mutating func value(depth: Int) -> String {
        switch self.random.below(depth < 4 ? 12 : 7) {
        case 0, 1, 2: return Self.quoted(self.random.pick(Self.texts))
        case 3: return Self.quoted(self.letters(6))
        case 4, 5: return self.random.pick(Self.numbers)
        case 6: return self.random.pick(["null", "true", "false"])
        case 7, 8: return self.event(depth: depth)
        default:
            return "[\((0..<self.random.below(4)).map { _ in self.value(depth: depth + 1) }.joined(separator: ","))]"
        }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
