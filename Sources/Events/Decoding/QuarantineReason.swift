/// Why a frame is no event. The raw values are labels of a metric and part of the API: they do not change.
package enum QuarantineReason: String, Error, CaseIterable, Sendable, Hashable {
    /// Not one JSON text: cut short, a trailing comma, text behind the end, a byte order mark, a lone surrogate, empty.
    case notJSON = "not_json"
    case invalidUTF8 = "invalid_utf8"
    /// More objects and arrays inside each other than `DecoderLimits.maxDepth`.
    case tooDeep = "too_deep"
    /// JSON, but an array, a string, a number, a literal.
    case notAnObject = "not_an_object"
    /// The envelope has one key twice. Inside the payload the last one counts.
    case duplicateKey = "duplicate_key"
    case eventTypeMissing = "event_type_missing"
    case eventTypeNotAString = "event_type_not_a_string"
    case eventTypeEmpty = "event_type_empty"
    case payloadNotAnObject = "payload_not_an_object"
    /// A `specversion` other than 1.x.
    case unsupportedSpecVersion = "unsupported_spec_version"
    /// Longer than `DecoderLimits.maxEventBytes`.
    case oversize
}

/// What a decoder refuses.
package struct DecoderLimits: Sendable, Hashable {
    /// Objects and arrays inside each other; the envelope is the first level.
    package var maxDepth: Int
    /// Bytes of a frame.
    package var maxEventBytes: Int

    /// - Parameter maxDepth: 1...64; more is held at 64, which is what the reader's stack has room for.
    package init(maxDepth: Int = 64, maxEventBytes: Int = 1 << 20) {
        self.maxDepth = Swift.max(1, Swift.min(maxDepth, 64))
        self.maxEventBytes = maxEventBytes
    }
}

/// What became of a frame.
package enum DecodeOutcome {
    case envelope(Envelope)
    case rejected(QuarantineReason)
}
