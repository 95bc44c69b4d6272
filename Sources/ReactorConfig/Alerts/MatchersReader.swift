internal import EventPatterns
internal import Reactions

/// Reads conditions on the labels of alerts, in the two forms that routes, silences and inhibition rules have:
/// `match: { severity: [HIGH, CRITICAL], tenant_id: acme }` and `matchers: ['run_id=~"x.*"', severity!=LOW]`.
struct MatchersReader {
    let context: ReadingContext

    private static let labels = AlertLabels.Name.allCases.map(\.rawValue)
    /// What people may call a label that has another name.
    private static let otherNames = [
        "tenant": "tenant_id", "run": "run_id", "type": "alertname", "alert": "alertname", "name": "alertname",
        "event": "event_type",
    ]

    /// A mapping in the first form, or a list in the second.
    func either(_ node: YAMLNode, of field: String) -> [LabelMatcher] {
        if case .mapping = node { self.match(node, of: field) } else { self.matchers(node, of: field) }
    }

    // MARK: - match

    func match(_ node: YAMLNode, of field: String) -> [LabelMatcher] {
        (self.context.members(node, of: field) ?? []).compactMap { member in
            guard
                self.isLabel(
                    member.key,
                    report: { code, message, nearest in
                        self.context.report(code, at: member, message, suggestion: nearest)
                    }
                )
            else { return nil }
            let name = "\(field).\(member.key)"
            let elements = self.context.elements(member.value)
            guard !elements.isEmpty else {
                self.context.report(.badMatcher, at: member.value, "`\(name)` must name at least one value")
                return nil
            }
            let values = elements.compactMap { self.value($0, of: member.key, name: name) }
            guard values.count == elements.count else { return nil }
            return self.matcher(member.key, oneOf: values, at: member.value)
        }
    }

    private func value(_ node: YAMLNode, of label: String, name: String) -> String? {
        guard let value = self.context.scalar(node, of: name, needs: "a text or a list of texts") else { return nil }
        guard label == AlertLabels.Name.severity.rawValue, !value.text.isEmpty else { return value.text }
        // Written exactly so: labels are compared byte by byte.
        return self.context.severity(node)?.rawValue
    }

    private func matcher(_ label: String, oneOf values: [String], at node: YAMLNode) -> LabelMatcher? {
        do throws(Reactions.PatternError) {
            if let only = values.first, values.count == 1 { return try LabelMatcher(label, .equal, only) }
            return try LabelMatcher(label, .matches, values.map(Self.escaped).joined(separator: "|"))
        } catch {
            self.context.report(.badMatcher, at: node, "`\(label)`: \(error.message)")
            return nil
        }
    }

    /// The regular expression for a text itself.
    private static func escaped(_ text: String) -> String {
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if "\\.+*?()|[]{}^$".unicodeScalars.contains(scalar) { out.append("\\") }
            out.append(scalar)
        }
        return String(out)
    }

    // MARK: - matchers

    func matchers(_ node: YAMLNode, of field: String) -> [LabelMatcher] {
        self.context.elements(node).flatMap { self.matchers(in: $0, of: field) }
    }

    private func matchers(in node: YAMLNode, of field: String) -> [LabelMatcher] {
        let needs = "a condition such as `run_id=~\"x.*\"`"
        guard let value = self.context.scalar(node, of: field, needs: needs) else { return [] }
        do throws(Reactions.PatternError) {
            let matchers = try LabelMatcher.readList(value.text)
            if matchers.isEmpty {
                self.context.report(.badMatcher, at: node, "`\(field)` needs \(needs), found nothing in it")
            }
            return matchers.filter { self.isUsable($0, at: node) }
        } catch {
            let position =
                value.isInterpolated
                ? value.scalar.position
                : value.scalar.position(at: error.offset, in: self.context.source)
            self.context.report(.badMatcher, at: position, "`\(value.shown)` is no condition: \(error.message)")
            return []
        }
    }

    private func isUsable(_ matcher: LabelMatcher, at node: YAMLNode) -> Bool {
        let isKnown = self.isLabel(matcher.name) { code, message, nearest in
            self.context.report(code, at: node, message, suggestion: nearest)
        }
        guard isKnown, matcher.name == AlertLabels.Name.severity.rawValue, !matcher.operation.isPattern,
            !matcher.value.isEmpty, Severity(rawValue: matcher.value) == nil
        else { return isKnown }
        let words = Severity.allCases.map(\.rawValue)
        let nearest = NearestName.findIgnoringCase(matcher.value, among: words)
        let hint = nearest.map { "; did you mean `\($0)`?" } ?? "; it can be \(ValueNeeds.list(words))"
        let found = ReadingContext.shortened(matcher.value)
        self.context.report(.unknownSeverity, at: node, "unknown severity `\(found)`\(hint)", suggestion: nearest)
        return false
    }

    // MARK: - Labels

    /// Whether alerts have a label of that name; nothing else could ever hold.
    func isLabel(_ name: String, report: (DiagnosticCode, String, String?) -> Void) -> Bool {
        if Self.labels.contains(name) { return true }
        let nearest = Self.otherNames[name] ?? NearestName.findIgnoringCase(name, among: Self.labels)
        let hint = nearest.map { "; did you mean `\($0)`?" } ?? "; there are \(ValueNeeds.list(Self.labels))"
        report(.unknownLabel, "no alert has a label `\(ReadingContext.shortened(name))`\(hint)", nearest)
        return false
    }

    /// A list of names of labels: `equal: [tenant_id]`.
    func labelNames(_ node: YAMLNode, of field: String) -> [String] {
        var names: [String] = []
        for element in self.context.elements(node) {
            guard let value = self.context.text(element, of: field) else { continue }
            guard
                self.isLabel(
                    value.text,
                    report: { code, message, nearest in
                        self.context.report(code, at: element, message, suggestion: nearest)
                    }
                )
            else { continue }
            if names.contains(value.text) {
                self.context.report(.contradiction, at: element, "`\(value.text)` is already in the list")
            } else {
                names.append(value.text)
            }
        }
        return names
    }
}
