package import Events

/// What the templates of all handlers of one event are filled from. The payload is parsed when the first of them asks.
///
/// Points into the envelope's bytes, so it is good only as long as the envelope is.
package struct TemplateContext {
    package typealias PayloadParser = (ByteView) throws -> JSONValue

    package let envelope: Envelope
    /// Names that a template used and the event did not have, in the order of use; at most `maxMissing`. Names inside
    /// sections are not among them: sections are there to ask whether something exists.
    package private(set) var missing: [String] = []
    /// How many texts were cut at their bound.
    package private(set) var truncations = 0

    private enum Payload {
        case unread
        case value(JSONValue)
        case unreadable(ReactionError)
    }

    package static let maxMissing = 32

    private let parse: PayloadParser
    private var payload: Payload = .unread

    /// `parse` reads the payload's bytes; it is called once at most.
    package init(_ envelope: Envelope, parse: @escaping PayloadParser = { try JSONValue.parse($0) }) {
        self.envelope = envelope
        self.parse = parse
    }

    /// The payload, parsed. Throws when it is not the JSON that the intake took it for.
    package mutating func payloadValue() throws(ReactionError) -> JSONValue {
        switch self.payload {
        case .value(let value):
            return value
        case .unreadable(let error):
            throw error
        case .unread:
            do {
                let value = try self.parse(self.envelope.payload)
                self.payload = .value(value)
                return value
            } catch {
                let failure = ReactionError("the payload cannot be read: \(error)")
                self.payload = .unreadable(failure)
                throw failure
            }
        }
    }

    /// The value at a path, with its own JSON type; nil when the event has none, or `null`.
    package mutating func value(at path: ValuePath) throws(ReactionError) -> JSONValue? {
        switch path.field {
        case .eventType: return Self.text(self.envelope.eventType)
        case .source: return Self.text(self.envelope.source)
        case .timestamp: return .string(self.envelope.timestamp.iso8601)
        case .runID: return Self.text(self.envelope.runID)
        case .tenantID: return Self.text(self.envelope.tenantID)
        case .eventID: return Self.text(self.envelope.eventID)
        case .payload:
            // The run id was decoded on the way in: most templates need nothing else.
            if path.members.count == 1, path.members[0] == "run_id", !self.envelope.runID.isEmpty {
                return .string(self.envelope.runID.string)
            }
            let value = try self.payloadValue()[path: path.members]
            return value == .null ? nil : value
        }
    }

    mutating func noteMissing(_ path: ValuePath) {
        guard self.missing.count < Self.maxMissing else { return }
        self.missing.append(path.description)
    }

    mutating func noteTruncation() {
        self.truncations += 1
    }

    private static func text(_ view: ByteView) -> JSONValue? {
        view.isEmpty ? nil : .string(view.string)
    }
}
