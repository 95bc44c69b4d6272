extension LabelMatcher {
    /// Reads one matcher: `severity="HIGH"`, `domain=~'audit|logs'`, `tenant_id!=t1`. A value without quotes ends at
    /// the first comma, brace, quote or blank.
    package static func read(_ text: String) throws(PatternError) -> LabelMatcher {
        var reader = MatcherReader(text)
        let matcher = try reader.matcher()
        reader.skipBlanks()
        guard reader.isAtEnd else { throw reader.unexpected("the end") }
        return matcher
    }

    /// Reads a list as Alertmanager and its tools write it, with or without braces: `{severity="HIGH", run_id!=""}`.
    package static func readList(_ text: String) throws(PatternError) -> [LabelMatcher] {
        var reader = MatcherReader(text)
        return try reader.list()
    }
}

private struct MatcherReader {
    private let scalars: [Unicode.Scalar]
    private var position = 0

    init(_ text: String) { self.scalars = Array(text.unicodeScalars) }

    var isAtEnd: Bool { self.position == self.scalars.count }
    private var peek: Unicode.Scalar? { self.isAtEnd ? nil : self.scalars[self.position] }

    func unexpected(_ wanted: String) -> PatternError {
        let found = self.peek.map { "`\($0)`" } ?? "the end"
        return PatternError("expected \(wanted), found \(found)", at: self.position)
    }

    mutating func skipBlanks() {
        while let scalar = self.peek, Self.isBlank(scalar) { self.position += 1 }
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        scalar == " " || scalar == "\t" || scalar == "\n" || scalar == "\r"
    }

    private mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
        guard self.peek == scalar else { return false }
        self.position += 1
        return true
    }

    mutating func list() throws(PatternError) -> [LabelMatcher] {
        self.skipBlanks()
        let isBraced = self.skip("{")
        var matchers: [LabelMatcher] = []
        self.skipBlanks()
        while let scalar = self.peek, scalar != "}" {
            matchers.append(try self.matcher())
            self.skipBlanks()
            guard self.skip(",") else { break }
            self.skipBlanks()
        }
        if isBraced, !self.skip("}") { throw self.unexpected("`,` or `}`") }
        self.skipBlanks()
        guard self.isAtEnd else { throw self.unexpected(isBraced ? "the end" : "`,` or the end") }
        return matchers
    }

    mutating func matcher() throws(PatternError) -> LabelMatcher {
        self.skipBlanks()
        let nameStart = self.position
        while let scalar = self.peek, Self.isNamePart(scalar) { self.position += 1 }
        guard self.position > nameStart else { throw self.unexpected("a label name") }
        let name = self.text(nameStart..<self.position)
        self.skipBlanks()
        let operation = try self.operation()
        self.skipBlanks()
        let valueStart = self.position
        let (value, isQuoted) = try self.value()
        do {
            return try LabelMatcher(name, operation, value)
        } catch {
            // A name's fault is at its start; one of the value counts from behind the quote.
            let isName = !AlertLabels.isValidName(name)
            throw PatternError(
                error.message,
                at: isName ? nameStart : valueStart + (isQuoted ? 1 : 0) + error.offset
            )
        }
    }

    private func text(_ range: Range<Int>) -> String {
        String(String.UnicodeScalarView(self.scalars[range]))
    }

    private static func isNamePart(_ scalar: Unicode.Scalar) -> Bool {
        !self.isBlank(scalar) && !["=", "!", "~", ",", "{", "}", "\"", "'"].contains(scalar)
    }

    private mutating func operation() throws(PatternError) -> LabelMatcher.Operation {
        if self.skip("=") { return self.skip("~") ? .matches : .equal }
        let start = self.position
        if self.skip("!") {
            if self.skip("=") { return .notEqual }
            if self.skip("~") { return .matchesNot }
            self.position = start
        }
        throw self.unexpected("one of = != =~ !~")
    }

    private mutating func value() throws(PatternError) -> (text: String, isQuoted: Bool) {
        let start = self.position
        if let quote = self.peek, quote == "\"" || quote == "'" {
            self.position += 1
            return (try self.quotedText(quote, from: start), true)
        }
        while let scalar = self.peek, !Self.isBlank(scalar),
            !["," as Unicode.Scalar, "}", "{", "\"", "'"].contains(scalar)
        {
            self.position += 1
        }
        return (self.text(start..<self.position), false)
    }

    /// Behind the opening quote. `\"`, `\\` and `\n` are escapes; any other backslash stays, as regular expressions
    /// are full of them.
    private mutating func quotedText(_ quote: Unicode.Scalar, from start: Int) throws(PatternError) -> String {
        var text = String.UnicodeScalarView()
        while let scalar = self.peek {
            self.position += 1
            if scalar == quote { return String(text) }
            guard scalar == "\\", let next = self.peek else {
                text.append(scalar)
                continue
            }
            switch next {
            case quote, "\\": text.append(next)
            case "n": text.append("\n")
            default:
                text.append(scalar)
                continue
            }
            self.position += 1
        }
        throw PatternError("the value's quote is not closed", at: start)
    }
}
