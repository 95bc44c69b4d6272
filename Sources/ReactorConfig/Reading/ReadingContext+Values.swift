internal import EventPatterns

/// A single value of a file after the environment was put in.
struct ReadScalar {
    var text: String
    var scalar: YAMLScalar
    /// What messages may show of it: `***` instead of the value of a variable that looks like a secret.
    var shown: String
    /// Whether a variable was put in; such a value is a text unless its field takes something else.
    var isInterpolated: Bool

    var node: YAMLNode { .scalar(self.scalar) }
}

extension ReadingContext {
    /// Puts the environment into a value. A problem there is reported, and nil returned.
    func interpolate(_ scalar: YAMLScalar) -> ReadScalar? {
        let result = Interpolation(scalar.text, environment: self.environment)
        guard result.problems.isEmpty else {
            for problem in result.problems {
                let position = scalar.position(at: problem.offset, in: self.source)
                self.report(problem.code, at: position, length: problem.length, problem.message)
            }
            return nil
        }
        let isSecret = result.variables.contains { SecretMask.isSecretName($0) }
        return ReadScalar(
            text: result.text,
            scalar: scalar,
            shown: isSecret ? "***" : Self.shortened(SecretMask.mask(result.text)),
            isInterpolated: !result.variables.isEmpty
        )
    }

    /// The single value that a field needs; `needs` says which: "a duration such as `30s`".
    func scalar(_ node: YAMLNode, of field: String, needs: String) -> ReadScalar? {
        guard case .scalar(let scalar) = node, !scalar.isNull else {
            self.report(.wrongKind, at: node, "`\(field)` needs \(needs), found \(node.kind)")
            return nil
        }
        return self.interpolate(scalar)
    }

    /// A text that is not empty.
    func text(_ node: YAMLNode, of field: String) -> ReadScalar? {
        guard let value = self.scalar(node, of: field, needs: "a text") else { return nil }
        guard !value.text.isEmpty else {
            self.report(.badValue, at: node, "`\(field)` must not be empty")
            return nil
        }
        return value
    }

    func boolean(_ node: YAMLNode, of field: String) -> Bool? {
        guard let value = self.scalar(node, of: field, needs: "true or false") else { return nil }
        guard case .bool(let flag) = CoreScalar(plain: value.text) else {
            self.report(.badValue, at: node, "`\(field)` needs true or false, found `\(value.shown)`")
            return nil
        }
        return flag
    }

    func integer(_ node: YAMLNode, of field: String, in range: ClosedRange<Int>) -> Int? {
        let needs = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard let value = self.scalar(node, of: field, needs: needs) else { return nil }
        guard let number = Int(value.text), range.contains(number) else {
            self.report(.badValue, at: node, "`\(field)` needs \(needs), found `\(value.shown)`")
            return nil
        }
        return number
    }

    func duration(_ node: YAMLNode, of field: String, in range: ClosedRange<Duration>) -> Duration? {
        let needs = ValueNeeds.duration(range)
        guard let value = self.scalar(node, of: field, needs: needs) else { return nil }
        guard let duration = DurationText.parse(value.text), range.contains(duration) else {
            self.report(.badValue, at: node, "`\(field)` needs \(needs), found `\(value.shown)`")
            return nil
        }
        return duration
    }

    /// One of a closed list of words, written exactly so.
    func word(_ node: YAMLNode, of field: String, from words: [String], code: DiagnosticCode = .badValue) -> String? {
        let list = ValueNeeds.list(words)
        guard let value = self.scalar(node, of: field, needs: "one of \(list)") else { return nil }
        if words.contains(value.text) { return value.text }
        let nearest = NearestName.findIgnoringCase(value.text, among: words)
        let hint = nearest.map { "; did you mean `\($0)`?" } ?? "; it can be \(list)"
        self.report(code, at: node, "unknown \(field) `\(value.shown)`\(hint)", suggestion: nearest)
        return nil
    }

    /// The members of a mapping; nothing at all counts as an empty one.
    func members(_ node: YAMLNode, of field: String) -> [YAMLMember]? {
        switch node {
        case .mapping(let members, _): return members
        case .scalar(let scalar) where scalar.isNull: return []
        default:
            self.report(.wrongKind, at: node, "`\(field)` needs a mapping, found \(node.kind)")
            return nil
        }
    }

    /// The elements of a list; a single value counts as a list of one.
    func elements(_ node: YAMLNode) -> [YAMLNode] {
        if case .sequence(let elements, _) = node { elements } else { [node] }
    }

    /// Reports a key that is not among the known ones.
    func reportUnknown(_ member: YAMLMember, known: @autoclosure () -> [String], inside field: String? = nil) {
        // What is not shown needs no advice.
        let known = self.problems.isFull ? [] : known()
        let nearest = NearestName.findIgnoringCase(member.key, among: known)
        let place = field.map { " in `\($0)`" } ?? ""
        let hint = nearest.map { "; did you mean `\($0)`?" } ?? "; known here: \(ValueNeeds.list(known))"
        let message = "unknown field `\(Self.shortened(member.key))`\(place)\(hint)"
        self.report(.unknownField, at: member, message, suggestion: nearest)
    }

    /// What a message quotes: at most 80 characters.
    static func shortened(_ text: String) -> String {
        text.utf8.count <= 80 ? text : String(text.prefix(79)) + "…"
    }
}

/// Says what a value must look like.
enum ValueNeeds {
    static func duration(_ range: ClosedRange<Duration>) -> String {
        let (lower, upper) = (DurationText.format(range.lowerBound), DurationText.format(range.upperBound))
        return "a duration with its unit (ms, s, m, h) from \(lower) to \(upper)"
    }

    static func seconds(_ range: ClosedRange<Duration>) -> String {
        "a whole number of seconds from \(range.lowerBound.components.seconds) to \(range.upperBound.components.seconds)"
    }

    static func size(_ range: ClosedRange<Int>) -> String {
        let (lower, upper) = (SizeText.format(range.lowerBound), SizeText.format(range.upperBound))
        return "a size such as `64KiB` from \(lower) to \(upper)"
    }

    /// `a`, `b` or `c`
    static func list(_ words: [String]) -> String {
        let quoted = words.map { "`\($0)`" }
        guard let last = quoted.last, quoted.count > 1 else { return quoted.first ?? "nothing" }
        return quoted.dropLast().joined(separator: ", ") + " or " + last
    }
}
