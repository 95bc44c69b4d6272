/// Bytes that are not RESP2, or that ask for more than the limits allow. The connection that sent them is of no further
/// use: nobody knows where its next frame begins.
package enum FrameViolation: Error, Sendable, Equatable {
    /// A frame or element that starts with none of `+ - : $ *`.
    case unknownType(UInt8)
    /// A length or an integer that is not a plain decimal number, or is out of its range.
    case malformedNumber
    /// CR and LF are not where they must be.
    case missingTerminator
    /// A line (`+`, `-`, `:`) longer than the limit.
    case lineTooLong(limit: Int)
    /// A name or a bulk that is no event, longer than the limit.
    case bulkTooLong(length: Int, limit: Int)
    /// An array, or all arrays of a frame together, with more elements than the limit.
    case tooManyElements(limit: Int)
    /// Arrays within arrays deeper than the limit.
    case tooDeep(limit: Int)

    /// The value of the `reason` label in metrics: one of a closed list.
    package var metricLabel: String {
        switch self {
        case .unknownType: "unknown_type"
        case .malformedNumber: "malformed_number"
        case .missingTerminator: "missing_terminator"
        case .lineTooLong: "line_too_long"
        case .bulkTooLong: "bulk_too_long"
        case .tooManyElements: "too_many_elements"
        case .tooDeep: "too_deep"
        }
    }
}

extension RedisError {
    /// The error that ends a connection on which `violation` was seen.
    package init(_ violation: FrameViolation) {
        self.init(.protocolViolation, "the server sent what is not RESP2 within our limits: \(violation)")
    }
}
