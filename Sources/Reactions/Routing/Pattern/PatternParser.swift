/// Reads the regular expressions that Alertmanager takes (RE2), as far as they are needed for labels: everything but
/// Unicode classes (`\p{Greek}`) and quoting (`\Q...\E`). There are no back-references and no look-around in that language.
struct PatternParser {
    /// Groups in each other, at most: reading and compiling recurse.
    static let maxDepth = 64
    /// The largest number in `{1,1000}`, as in RE2.
    static let maxRepeat = 1_000

    struct Flags {
        var ignoresCase = false
        /// `^` and `$` also hold at line ends.
        var isMultiline = false
        /// `.` also takes a line end.
        var dotTakesNewline = false
    }

    private let scalars: [Unicode.Scalar]
    private(set) var position = 0
    private var depth = 0
    private var flags = Flags()

    init(_ source: String) {
        self.scalars = Array(source.unicodeScalars)
    }

    mutating func parse() throws(PatternError) -> PatternNode {
        let node = try self.alternatives()
        guard self.peek == nil else { throw self.error("unexpected `)`: there is no group to close") }
        return node
    }

    // MARK: The text

    private var peek: Unicode.Scalar? { self.position < self.scalars.count ? self.scalars[self.position] : nil }

    private mutating func next() -> Unicode.Scalar? {
        guard let scalar = self.peek else { return nil }
        self.position += 1
        return scalar
    }

    private mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
        guard self.peek == scalar else { return false }
        self.position += 1
        return true
    }

    private mutating func skip(_ text: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        guard self.scalars[self.position...].starts(with: wanted) else { return false }
        self.position += wanted.count
        return true
    }

    private func error(_ message: String, at offset: Int? = nil) -> PatternError {
        PatternError(message, at: offset ?? self.position)
    }

    // MARK: Structure

    private mutating func alternatives() throws(PatternError) -> PatternNode {
        self.depth += 1
        defer { self.depth -= 1 }
        guard self.depth <= Self.maxDepth else { throw self.error("groups are nested deeper than \(Self.maxDepth)") }
        var branches = [try self.sequence()]
        while self.skip("|") { branches.append(try self.sequence()) }
        return branches.count == 1 ? branches[0] : .alternatives(branches)
    }

    private mutating func sequence() throws(PatternError) -> PatternNode {
        var items: [PatternNode] = []
        while let scalar = self.peek, scalar != "|", scalar != ")" {
            let start = self.position
            guard let item = try self.item() else { continue }
            items.append(try self.repetition(of: item, from: start))
        }
        switch items.count {
        case 0: return .empty
        case 1: return items[0]
        default: return .sequence(items)
        }
    }

    /// What a repetition may follow; nil for `(?i)`, which only changes the flags.
    private mutating func item() throws(PatternError) -> PatternNode? {
        let start = self.position
        guard let scalar = self.next() else { return .empty }
        switch scalar {
        case "(": return try self.group(from: start)
        case "[": return .one(try self.bracket(from: start))
        case ".": return .one(self.flags.dotTakesNewline ? .everything : .allButNewline)
        case "^": return .assertion(self.flags.isMultiline ? .lineStart : .textStart)
        case "$": return .assertion(self.flags.isMultiline ? .lineEnd : .textEnd)
        case "\\": return try self.escape(from: start)
        case "*", "+", "?": throw self.error("`\(scalar)` has nothing to repeat", at: start)
        default: return .one(ScalarSet(scalar, ignoresCase: self.flags.ignoresCase))
        }
    }

    private mutating func group(from start: Int) throws(PatternError) -> PatternNode? {
        let outer = self.flags
        if self.skip("?") {
            if self.skip("P<") || self.skip("<") {
                if let sign = self.peek, sign == "=" || sign == "!" {
                    throw self.error("look-behind is not offered", at: start)
                }
                try self.groupName(from: start)
            } else if let sign = self.peek, sign == "=" || sign == "!" {
                throw self.error("look-ahead is not offered", at: start)
            } else if try self.readFlags(from: start) {
                return nil
            }
        }
        let node = try self.alternatives()
        guard self.skip(")") else { throw self.error("the group is not closed: no `)` follows", at: start) }
        self.flags = outer
        return node
    }

    private mutating func groupName(from start: Int) throws(PatternError) {
        let first = self.position
        while let scalar = self.peek, ScalarSet.word.contains(scalar) { self.position += 1 }
        guard self.position > first, self.skip(">") else {
            throw self.error("the group's name needs letters, digits or _ and a `>`", at: start)
        }
    }

    /// Reads `i-s:` or `i)`. Returns whether the group has ended: then the flags hold up to the end of the group around.
    private mutating func readFlags(from start: Int) throws(PatternError) -> Bool {
        var value = true
        while let scalar = self.next() {
            switch scalar {
            case "i": self.flags.ignoresCase = value
            case "m": self.flags.isMultiline = value
            case "s": self.flags.dotTakesNewline = value
            // Which of two ways is tried first makes no difference to whether the whole text matches.
            case "U": break
            case "-" where value: value = false
            case ":": return false
            case ")": return true
            default: throw self.error("unknown flag `\(scalar)`; there are i, m, s and U", at: self.position - 1)
            }
        }
        throw self.error("the group is not closed: no `)` follows", at: start)
    }

    // MARK: Repetition

    private mutating func repetition(of item: PatternNode, from start: Int) throws(PatternError) -> PatternNode {
        let sign = self.position
        guard let (least, most) = try self.bounds() else { return item }
        // The reluctant form matches the same texts.
        _ = self.skip("?")
        let again = self.position
        if try self.bounds() != nil {
            throw self.error("a repetition cannot be repeated; put the first one in a group `(?:...)`", at: again)
        }
        if let most, most < least { throw self.error("the repetition {\(least),\(most)} is empty", at: sign) }
        return .repeated(item, least: least, most: most)
    }

    private mutating func bounds() throws(PatternError) -> (least: Int, most: Int?)? {
        if self.skip("*") { return (0, nil) }
        if self.skip("+") { return (1, nil) }
        if self.skip("?") { return (0, 1) }
        let start = self.position
        guard self.skip("{") else { return nil }
        guard let least = try self.number() else { return self.literalBrace(start) }
        if self.skip("}") { return (least, least) }
        guard self.skip(",") else { return self.literalBrace(start) }
        if self.skip("}") { return (least, nil) }
        guard let most = try self.number(), self.skip("}") else { return self.literalBrace(start) }
        return (least, most)
    }

    /// A `{` that begins no repetition stands for itself, as in RE2.
    private mutating func literalBrace(_ start: Int) -> (least: Int, most: Int?)? {
        self.position = start
        return nil
    }

    private mutating func number() throws(PatternError) -> Int? {
        let start = self.position
        var value = 0
        while let scalar = self.peek, ScalarSet.digit.contains(scalar) {
            value = value * 10 + Int(scalar.value - 0x30)
            self.position += 1
            guard value <= Self.maxRepeat else {
                throw self.error("a repetition of more than \(Self.maxRepeat) is not offered", at: start)
            }
        }
        return self.position > start ? value : nil
    }
}

// MARK: - Characters

extension PatternParser {
    private mutating func escape(from start: Int) throws(PatternError) -> PatternNode {
        guard let scalar = self.peek else { throw self.error("the pattern ends behind a `\\`", at: start) }
        switch scalar {
        case "A": return self.assertion(.textStart)
        case "z": return self.assertion(.textEnd)
        case "b": return self.assertion(.wordBoundary)
        case "B": return self.assertion(.noWordBoundary)
        default: return .one(try self.escapedSet(from: start))
        }
    }

    private mutating func assertion(_ assertion: PatternAssertion) -> PatternNode {
        self.position += 1
        return .assertion(assertion)
    }

    /// The characters that an escape stands for; behind the backslash.
    private mutating func escapedSet(from start: Int) throws(PatternError) -> ScalarSet {
        guard let scalar = self.next() else { throw self.error("the pattern ends behind a `\\`", at: start) }
        switch scalar {
        case "d": return .digit
        case "D": return ScalarSet.digit.inverted
        case "w": return .word
        case "W": return ScalarSet.word.inverted
        case "s": return .space
        case "S": return ScalarSet.space.inverted
        case "p", "P": throw self.error("Unicode classes (\\p{...}) are not offered", at: start)
        case "1"..."9": throw self.error("back-references (\\\(scalar)) are not offered", at: start)
        default:
            let literal = try self.escapedScalar(scalar, from: start)
            return ScalarSet(literal, ignoresCase: self.flags.ignoresCase)
        }
    }

    private mutating func escapedScalar(
        _ scalar: Unicode.Scalar,
        from start: Int
    ) throws(PatternError) -> Unicode.Scalar {
        switch scalar {
        case "t": return "\t"
        case "n": return "\n"
        case "r": return "\r"
        case "f": return "\u{0C}"
        case "v": return "\u{0B}"
        case "a": return "\u{07}"
        case "0": return "\0"
        case "x": return try self.hexadecimal(from: start)
        default:
            guard scalar.isASCII, !ScalarSet.word.contains(scalar) else {
                throw self.error("unknown escape `\\\(scalar)`", at: start)
            }
            return scalar
        }
    }

    private mutating func hexadecimal(from start: Int) throws(PatternError) -> Unicode.Scalar {
        let isBraced = self.skip("{")
        var value: UInt32 = 0
        var digits = 0
        while digits < (isBraced ? 6 : 2), let scalar = self.peek, scalar.isASCII,
            let digit = Character(scalar).hexDigitValue
        {
            value = value << 4 | UInt32(digit)
            digits += 1
            self.position += 1
        }
        let isClosed = isBraced ? digits > 0 && self.skip("}") : digits == 2
        guard isClosed, let scalar = Unicode.Scalar(value) else {
            throw self.error("`\\x` needs two hexadecimal digits, or a character's number in braces", at: start)
        }
        return scalar
    }

    /// `[a-z]`; behind the bracket.
    private mutating func bracket(from start: Int) throws(PatternError) -> ScalarSet {
        let isNegated = self.skip("^")
        var ranges: [ClosedRange<UInt32>] = []
        var isFirst = true
        while let scalar = self.peek {
            // A `]` at the first place stands for itself.
            if scalar == "]", !isFirst {
                self.position += 1
                return ScalarSet(ranges, isNegated: isNegated, ignoresCase: self.flags.ignoresCase)
            }
            isFirst = false
            ranges += try self.bracketItem()
        }
        throw self.error("the class is not closed: no `]` follows", at: start)
    }

    private mutating func bracketItem() throws(PatternError) -> [ClosedRange<UInt32>] {
        let start = self.position
        if self.skip("[:") { return try self.namedClass(from: start) }
        let low = try self.bracketMember()
        guard self.peek == "-", self.position + 1 < self.scalars.count, self.scalars[self.position + 1] != "]" else {
            return low.plainRanges
        }
        self.position += 1
        let high = try self.bracketMember()
        guard let first = low.soleValue, let last = high.soleValue else {
            throw self.error("a range needs a character at both ends", at: start)
        }
        guard first <= last else { throw self.error("the range is empty: its end comes before its start", at: start) }
        return [first...last]
    }

    private mutating func bracketMember() throws(PatternError) -> ScalarSet {
        let start = self.position
        guard let scalar = self.next() else { throw self.error("the class is not closed: no `]` follows", at: start) }
        return scalar == "\\" ? try self.escapedSet(from: start) : ScalarSet(scalar)
    }

    private static let namedClasses: [String: [ClosedRange<UInt32>]] = [
        "alnum": [0x30...0x39, 0x41...0x5A, 0x61...0x7A], "alpha": [0x41...0x5A, 0x61...0x7A], "ascii": [0...0x7F],
        "blank": [0x09...0x09, 0x20...0x20], "cntrl": [0...0x1F, 0x7F...0x7F], "digit": [0x30...0x39],
        "graph": [0x21...0x7E], "lower": [0x61...0x7A], "print": [0x20...0x7E],
        "punct": [0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E], "space": [0x09...0x0D, 0x20...0x20],
        "upper": [0x41...0x5A], "word": [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A],
        "xdigit": [0x30...0x39, 0x41...0x46, 0x61...0x66],
    ]

    private mutating func namedClass(from start: Int) throws(PatternError) -> [ClosedRange<UInt32>] {
        let isNegated = self.skip("^")
        var name = ""
        while let scalar = self.peek, scalar != ":", scalar != "]" {
            name.unicodeScalars.append(scalar)
            self.position += 1
        }
        guard self.skip(":]"), let ranges = Self.namedClasses[name] else {
            let known = Self.namedClasses.keys.sorted().joined(separator: ", ")
            throw self.error("unknown class `[:\(name):]`; there are \(known)", at: start)
        }
        return ScalarSet(ranges, isNegated: isNegated).plainRanges
    }
}

extension ScalarSet {
    /// The only character of the set, if it was written as one.
    fileprivate var soleValue: UInt32? {
        guard !self.isNegated, self.ranges.count == 1, self.ranges[0].count == 1 else { return nil }
        return self.ranges[0].lowerBound
    }
}
