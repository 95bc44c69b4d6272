internal import Events
internal import Reactions

/// Reads what arrives on the channel: `event: { type: run.failed, payload: { run_id: r1 } }`, or `raw` bytes.
struct ScenarioEventReader {
    let context: ReadingContext

    private static let members = [
        "event_id", "tenant_id", "traceparent", "producer_id", "sequence",
    ]
    private static let keys = ["type", "event_type", "payload", "source", "timestamp", "cloudevent"] + Self.members

    func event(_ node: YAMLNode) -> ScenarioEvent? {
        guard let fields = FieldSet(node, of: "event", known: Self.keys, in: self.context) else { return nil }
        if let node = fields["cloudevent"] { return self.cloudEvent(node, fields) }
        if let other = fields.member("event_type"), fields["type"] != nil {
            self.context.report(.contradiction, at: other, "`type` and `event_type` are the same; give one of them")
        }
        guard let typeNode = fields["type"] ?? fields["event_type"] else {
            self.context.report(.missingField, at: fields.node, "`event` needs `type`, such as `run.failed`")
            return nil
        }
        guard let type = self.context.text(typeNode, of: "type") else { return nil }
        var members = [JSONMember("event_type", .string(type.text))]
        if let node = fields["timestamp"], let value = self.context.json(node) {
            members.append(JSONMember("timestamp", value))
        }
        members.append(JSONMember("source", .string(fields.text("source") ?? "scenario")))
        for name in Self.members {
            if let node = fields[name], let value = self.context.json(node) { members.append(JSONMember(name, value)) }
        }
        var payload = JSONValue.object([])
        if let node = fields["payload"] {
            guard case .mapping = node else {
                self.context.report(.wrongKind, at: node, "`payload` needs a mapping, found \(node.kind)")
                return nil
            }
            guard let value = self.context.json(node) else { return nil }
            payload = value
        }
        return .envelope(.object(members + [JSONMember("payload", payload)]))
    }

    private func cloudEvent(_ node: YAMLNode, _ fields: FieldSet) -> ScenarioEvent? {
        for name in Self.keys where name != "cloudevent" {
            guard let member = fields.member(name) else { continue }
            self.context.report(.contradiction, at: member, "`\(name)` belongs into `cloudevent`, by its name there")
        }
        guard case .mapping = node, let value = self.context.json(node) else {
            let message = "`cloudevent` needs a mapping such as {specversion: \"1.0\", type: …}, found \(node.kind)"
            self.context.report(.wrongKind, at: node, message)
            return nil
        }
        return .envelope(value)
    }

    /// A text, or bytes as `{ hex: "ff fe" }`.
    func raw(_ node: YAMLNode) -> ScenarioEvent? {
        guard case .mapping = node else {
            let text = self.context.scalar(node, of: "raw", needs: "a text, or { hex: … }")
            return text.map { .raw(Array($0.text.utf8)) }
        }
        guard let fields = FieldSet(node, of: "raw", known: ["hex"], in: self.context),
            let hex = fields.required("hex"), let text = self.context.text(hex, of: "raw.hex")
        else { return nil }
        let visible = text.text.utf8.filter { $0 != UInt8(ascii: " ") }
        let digits = visible.map { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count.isMultiple(of: 2), digits.allSatisfy({ $0 != nil }) else {
            self.context.report(.badValue, at: hex, "`raw.hex` needs pairs of hex digits, found `\(text.shown)`")
            return nil
        }
        let values = digits.compactMap(\.self)
        return .raw(stride(from: 0, to: values.count, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) })
    }
}
