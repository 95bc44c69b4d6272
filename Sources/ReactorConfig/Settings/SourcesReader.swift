internal import Reactions

/// Reads `sources: [ { pubsub: aos.events }, { pubsub_pattern: "aos.*" } ]`.
struct SourcesReader {
    let context: ReadingContext
    private static let kinds = ["pubsub", "pubsub_pattern"]

    func read(_ node: YAMLNode, into builder: inout ConfigurationBuilder) {
        guard case .sequence(let elements, _) = node else {
            let message = "`sources` needs a list such as [{pubsub: aos.events}], found \(node.kind)"
            self.context.report(.wrongKind, at: node, message)
            return
        }
        var sources: [SourceSettings] = []
        for element in elements {
            guard let source = self.source(element) else { continue }
            if sources.contains(source) {
                self.context.report(.contradiction, at: element, "this source is already in the list")
            } else {
                sources.append(source)
            }
        }
        guard !sources.isEmpty else {
            if elements.isEmpty {
                let message = "`sources` must name at least one; to listen to nothing, set `enabled: false`"
                self.context.report(.badValue, at: node, message)
            }
            return
        }
        builder.configuration.sources = sources
        let position = node.position
        builder.origins["sources"] = .file(
            SourceLocation(file: self.context.source.name, line: position.line, column: position.column)
        )
    }

    private func source(_ node: YAMLNode) -> SourceSettings? {
        guard case .mapping(let members, _) = node, members.count == 1, let member = members.first else {
            self.context.report(.wrongKind, at: node, "a source is one of {pubsub: CHANNEL} or {pubsub_pattern: GLOB}")
            return nil
        }
        switch member.key {
        case "pubsub", "pubsub_pattern":
            guard let value = self.context.text(member.value, of: member.key) else { return nil }
            return member.key == "pubsub" ? .channel(value.text) : .pattern(value.text)
        case "stream":
            let instead = "it can be `pubsub` or `pubsub_pattern`"
            self.context.report(.notAvailable, at: member, UnavailableSettings.message("stream", instead))
        default:
            self.context.reportUnknown(member, known: Self.kinds, inside: "sources")
        }
        return nil
    }

    /// The form of the environment: `aos.events`, `pubsub:aos.events` or `pubsub_pattern:aos.*`.
    static func source(_ text: Substring) -> SourceSettings? {
        if text.hasPrefix("pubsub_pattern:") {
            let pattern = text.dropFirst("pubsub_pattern:".count)
            return pattern.isEmpty ? nil : .pattern(String(pattern))
        }
        let name = text.hasPrefix("pubsub:") ? text.dropFirst("pubsub:".count) : text
        return name.isEmpty ? nil : .channel(String(name))
    }
}
