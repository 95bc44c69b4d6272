internal import Reactions

/// Reads `alerts.inhibit`: which alerts need not be told while others stand.
struct InhibitionReader {
    let context: ReadingContext

    private static let keys = ["name", "source", "target", "equal", "for"]
    private static let hints = [
        "source_matchers": "write `source`", "target_matchers": "write `target`", "source_match": "write `source`",
        "target_match": "write `target`",
    ]
    private static let holds = Duration.seconds(1)...Duration.seconds(7 * 86_400)
    /// Each is looked at for each alert.
    private static let maximum = 1_000

    func read(_ node: YAMLNode) -> [InhibitionRule] {
        guard case .sequence(let elements, _) = node, elements.count <= Self.maximum else {
            let message = "`alerts.inhibit` needs a list of at most \(Self.maximum) rules {source, target, equal}"
            self.context.report(.wrongKind, at: node, message)
            return []
        }
        var names: [String: Int] = [:]
        return elements.enumerated().compactMap { index, element in
            let path = "alerts.inhibit[\(index)]"
            guard let fields = FieldSet(element, of: path, known: Self.keys, hints: Self.hints, in: self.context)
            else { return nil }
            let name = fields.text("name") ?? "\(index + 1)"
            if let line = names[name] {
                let message = "an inhibition rule `\(ReadingContext.shortened(name))` is already at line \(line)"
                self.context.report(.duplicateName, at: fields["name"] ?? element, message)
            }
            names[name] = element.position.line
            let source = self.side("source", of: fields)
            let target = self.side("target", of: fields)
            let matchers = MatchersReader(context: self.context)
            let equal = fields["equal"].map { matchers.labelNames($0, of: fields.path("equal")) } ?? []
            let hold = fields.duration("for", in: Self.holds) ?? InhibitionRule.defaultHold
            guard let source, let target else { return nil }
            return InhibitionRule(name: name, source: source, target: target, equal: equal, holdsFor: hold)
        }
    }

    /// One side; without a condition it would be every alert, and that is never meant.
    private func side(_ field: String, of fields: FieldSet) -> [LabelMatcher]? {
        guard let node = fields.required(field) else { return nil }
        let errors = self.context.problems.errorCount
        let matchers = MatchersReader(context: self.context).either(node, of: fields.path(field))
        if matchers.isEmpty, self.context.problems.errorCount == errors {
            let message = "`\(fields.path(field))` needs a condition; without one it would be every alert"
            self.context.report(.badMatcher, at: node, message)
        }
        return matchers
    }
}
