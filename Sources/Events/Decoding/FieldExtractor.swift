import CSimdJSON

/// Takes the fields of a `FieldSet` out of any JSON object, without the rules of an envelope: for `explain`, for tests
/// of patterns, for events that are stored.
///
/// Strict like `EnvelopeDecoder`; a key that comes twice counts once, the last one, also at the top. Used by one thread.
package final class FieldExtractor {
    private let parser: OpaquePointer
    private let fields: FieldSet

    package init(fields: FieldSet) {
        guard let parser = csj_parser_create() else { fatalError("out of memory for a JSON parser") }
        self.parser = parser
        self.fields = fields
    }

    deinit { csj_parser_destroy(self.parser) }

    /// The leaves of a text, good until the next call and as long as the text is; none when it is JSON but no object.
    package func extract(_ text: ByteView) throws(JSONError) -> FieldLeaves {
        var root = csj_kind.CSJ_ABSENT
        let status = csj_read_fields(self.parser, self.fields.handle, text.start, text.count, 64, &root)
        guard status == .CSJ_OK else { throw JSONError(status, offset: csj_parser_error_offset(self.parser)) }
        return FieldLeaves(csj_parser_leaves(self.parser))
    }
}
