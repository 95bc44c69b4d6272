/// One alternative of a field: what a single value must be.
///
/// Strings are bytes of UTF-8 here; nothing is normalised, so two spellings of "é" differ. A string never equals a
/// number, a boolean or null that looks like it.
package indirect enum PatternTest: Sendable, Hashable {
    /// A string, byte for byte: a plain string that is no IP address, or `exactly`.
    case text([UInt8])
    /// A plain string that is an IP address: any way to write that address.
    case address(IPAddress)
    case number(NumberValue)
    case bool(Bool)
    case null
    case prefix([UInt8])
    case suffix([UInt8])
    case equalsIgnoringCase(CaselessText)
    case prefixIgnoringCase(CaselessText)
    case suffixIgnoringCase(CaselessText)
    case wildcard(Glob)
    case numeric(NumericRange)
    case cidr(AddressBlock)
    /// The field has a value.
    case exists
    /// The field has no value. The only test that a missing field passes, and that no value passes.
    case absent
    /// A value that passes none of these; never empty.
    case anythingBut([PatternTest])

    /// The operator as it is written in a pattern; "equals" for a plain value.
    package var operatorName: String {
        switch self {
        case .text, .address, .number, .bool, .null: "equals"
        case .prefix: "prefix"
        case .suffix: "suffix"
        case .equalsIgnoringCase: "equals-ignore-case"
        case .prefixIgnoringCase: "prefix equals-ignore-case"
        case .suffixIgnoringCase: "suffix equals-ignore-case"
        case .wildcard: "wildcard"
        case .numeric: "numeric"
        case .cidr: "cidr"
        case .exists, .absent: "exists"
        case .anythingBut: "anything-but"
        }
    }
}

/// What one field of an event must be: one of the alternatives.
package struct FieldPattern: Sendable, Hashable {
    /// Member names joined by dots.
    package let path: String
    /// Where the field's list begins; not part of what the pattern means.
    package let mark: PatternMark
    /// As they were written; never empty.
    package let alternatives: [PatternTest]

    /// Whether a missing field is an alternative.
    package var allowsAbsence: Bool { self.alternatives.contains(.absent) }

    package static func == (lhs: FieldPattern, rhs: FieldPattern) -> Bool {
        lhs.path.utf8.elementsEqual(rhs.path.utf8) && Set(lhs.alternatives) == Set(rhs.alternatives)
    }

    package func hash(into hasher: inout Hasher) {
        for byte in self.path.utf8 { hasher.combine(byte) }
        hasher.combine(Set(self.alternatives))
    }
}

/// A pattern without `$or`: all fields must match. Sorted by path, each path once.
package struct PatternBranch: Sendable, Hashable {
    package let fields: [FieldPattern]
}
