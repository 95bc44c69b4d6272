/// The members of a mapping by name. What nobody reads is reported when it is made.
struct FieldSet {
    let context: ReadingContext
    /// What the mapping is called in messages: `alerts.routes[1]`.
    let name: String
    let node: YAMLNode
    private let members: [String: YAMLMember]

    /// - Parameters:
    ///   - known: the names that there are.
    ///   - hints: what to write instead of names that other programs have for the same thing.
    /// - Returns: nil for what is no mapping, which is reported.
    init?(
        _ node: YAMLNode,
        of name: String,
        known: [String],
        hints: [String: String] = [:],
        in context: ReadingContext
    ) {
        guard let list = context.members(node, of: name) else { return nil }
        var members: [String: YAMLMember] = [:]
        for member in list {
            if known.contains(member.key) {
                members[member.key] = member
            } else if let hint = hints[member.key] {
                context.report(.unknownField, at: member, "unknown field `\(member.key)` in `\(name)`; \(hint)")
            } else {
                context.reportUnknown(member, known: known, inside: name)
            }
        }
        self.context = context
        self.name = name
        self.node = node
        self.members = members
    }

    subscript(field: String) -> YAMLNode? { self.members[field]?.value }

    func member(_ field: String) -> YAMLMember? { self.members[field] }

    /// The field's whole name, for messages.
    func path(_ field: String) -> String { "\(self.name).\(field)" }

    /// The value of a field that must be there; a missing one is reported.
    func required(_ field: String) -> YAMLNode? {
        if let node = self[field] { return node }
        self.context.report(.missingField, at: self.node, "`\(self.name)` needs `\(field)`")
        return nil
    }

    func text(_ field: String) -> String? {
        self[field].flatMap { self.context.text($0, of: self.path(field))?.text }
    }

    func boolean(_ field: String) -> Bool? {
        self[field].flatMap { self.context.boolean($0, of: self.path(field)) }
    }

    func integer(_ field: String, in range: ClosedRange<Int>) -> Int? {
        self[field].flatMap { self.context.integer($0, of: self.path(field), in: range) }
    }

    func duration(_ field: String, in range: ClosedRange<Duration>) -> Duration? {
        self[field].flatMap { self.context.duration($0, of: self.path(field), in: range) }
    }
}
