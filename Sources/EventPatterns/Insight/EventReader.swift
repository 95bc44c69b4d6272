package import Events

/// Reads the texts of events for rules outside of the running reactor, the way the reactor reads them.
///
/// Used by one thread; what it gives out is good until the next call and as long as the text is.
package final class EventReader {
    /// What counts as an event.
    package enum Form: String, Sendable, Hashable {
        /// An envelope, legacy or CloudEvents: rules see a CloudEvent's `data` as `payload`, a `topic` as `event_type`.
        case envelope
        /// Any JSON object, as it stands.
        case object
        /// An envelope, or an object that has no event type at all.
        case either
    }

    /// An event that was read.
    package struct Reading {
        /// `envelope` or `object`.
        package var form: Form
        /// Empty for an object.
        package var eventType: ByteView
        /// Empty for an object.
        package var source: ByteView
        /// What was found at the paths that were asked for.
        package var leaves: FieldLeaves
    }

    private let form: Form
    private let decoder: EnvelopeDecoder
    private let extractor: FieldExtractor
    private let limits: DecoderLimits

    package init(fields: FieldSet = .none, form: Form, limits: DecoderLimits = DecoderLimits()) {
        self.form = form
        self.decoder = EnvelopeDecoder(fields: fields, limits: limits)
        self.extractor = FieldExtractor(fields: fields)
        self.limits = limits
    }

    package func read(_ text: ByteView) throws(EventRefusal) -> Reading {
        guard self.form != .object else { return try self.object(text) }
        // The time of arrival has no part in what rules see.
        switch self.decoder.decode(text, arrivedAt: Timestamp(microseconds: 0)) {
        case .envelope(let envelope):
            return Reading(
                form: .envelope,
                eventType: envelope.eventType,
                source: envelope.source,
                leaves: self.decoder.leaves
            )
        case .rejected(.eventTypeMissing) where self.form == .either: return try self.object(text)
        case .rejected(let reason): throw EventRefusal(reason, offset: self.decoder.errorOffset)
        }
    }

    private func object(_ text: ByteView) throws(EventRefusal) -> Reading {
        guard text.count <= self.limits.maxEventBytes else { throw EventRefusal(.oversize, offset: 0) }
        let leaves: FieldLeaves
        do throws(JSONError) {
            leaves = try self.extractor.extract(text)
        } catch {
            throw EventRefusal(error)
        }
        // The text is JSON, so its first character says what it is.
        guard text.buffer.first(where: { !$0.isJSONSpace }) == UInt8(ascii: "{") else {
            throw EventRefusal(.notAnObject, offset: 0)
        }
        return Reading(form: .object, eventType: .empty, source: .empty, leaves: leaves)
    }

    /// An event with its outermost members called as rules call them.
    static func asRulesSee(_ event: JSONValue, _ form: Form) -> JSONValue {
        guard form == .envelope, case .object(let members) = event else { return event }
        let names: [String: String]
        if event["specversion"] != nil {
            names = ["type": "event_type", "time": "timestamp", "data": "payload", "id": "event_id"]
        } else if event["event_type"] == nil {
            names = ["topic": "event_type"]
        } else {
            return event
        }
        return .object(members.map { JSONMember(names[$0.name] ?? $0.name, $0.value) })
    }
}

/// Why a text is no event.
package struct EventRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// As the quarantine of the running reactor calls it.
    package var reason: QuarantineReason
    /// Where the reader stopped, in bytes from the start; 0 when it was refused as a whole.
    package var offset: Int

    package init(_ reason: QuarantineReason, offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    init(_ error: JSONError) {
        self.offset = error.offset
        switch error.code {
        case .notJSON: self.reason = .notJSON
        case .invalidUTF8: self.reason = .invalidUTF8
        case .tooDeep: self.reason = .tooDeep
        case .tooLong: self.reason = .oversize
        }
    }

    /// Where in the text the reader stopped, both from 1, the column in bytes; nil when it was refused as a whole.
    package func place(in text: ByteView) -> (line: Int, column: Int)? {
        guard self.offset > 0, self.offset <= text.count else { return nil }
        let before = text.buffer.prefix(self.offset)
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return (line, self.offset - lineStart + 1)
    }

    /// One line: the reason as the quarantine calls it, and what was found or is needed.
    package var description: String {
        let text =
            switch self.reason {
            case .notJSON: "the text is not JSON"
            case .invalidUTF8: "the text is not UTF-8"
            case .tooDeep: "more objects and lists lie in each other than are read"
            case .notAnObject: "an event is a JSON object"
            case .duplicateKey: "the envelope has one key twice"
            case .eventTypeMissing: "an event has a member `event_type`"
            case .eventTypeNotAString: "`event_type` needs a text"
            case .eventTypeEmpty: "`event_type` must not be empty"
            case .payloadNotAnObject: "`payload` needs an object"
            case .unsupportedSpecVersion: "`specversion` needs to be 1.x"
            case .oversize: "the event is longer than what is read"
            }
        return "\(text) (\(self.reason.rawValue))"
    }
}

extension UInt8 {
    fileprivate var isJSONSpace: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }
}
