/// The parts of an event that a template can name.
package enum EnvelopeField: String, Sendable, Hashable, CaseIterable {
    case eventType = "event_type"
    case source
    case timestamp
    case runID = "run_id"
    case tenantID = "tenant_id"
    case eventID = "event_id"
    case payload
}

/// A name in a template: a part of the envelope, or what lies below its payload.
package struct ValuePath: Sendable, Hashable, CustomStringConvertible {
    package let field: EnvelopeField
    /// Member names below `payload`; empty for the whole payload and for every other field.
    package let members: [String]

    /// Reads `payload.run_id`, `event_type`; nil for everything that only a section can resolve.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard let first = parts.first, let field = EnvelopeField(rawValue: first) else { return nil }
        guard parts.allSatisfy({ Self.isName($0) }) else { return nil }
        guard field == .payload || parts.count == 1 else { return nil }
        self.field = field
        self.members = Array(parts.dropFirst())
    }

    /// A field as a whole.
    init(_ field: EnvelopeField) {
        self.field = field
        self.members = []
    }

    private static func isName(_ part: String) -> Bool {
        !part.isEmpty
            && part.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), UInt8(ascii: "-"): true
                default: false
                }
            }
    }

    package var description: String { ([self.field.rawValue] + self.members).joined(separator: ".") }
}
