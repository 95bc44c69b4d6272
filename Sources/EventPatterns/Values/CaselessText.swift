/// Text that is compared without regard to case.
///
/// Each character of the RULE accepts two spellings, its full lower-case and its full upper-case form, and nothing
/// else. So `ß` accepts `ß` and `SS` but not `ss`; `ς` accepts `ς` and `Σ`, while `σ` does not accept `ς`; the Kelvin
/// sign accepts itself and `k`, but not `K`. No form of one character begins or ends with the other form of it, which is why reading
/// from either end never has to go back.
package struct CaselessText: Sendable, Hashable {
    /// The two spellings of one character, in UTF-8.
    struct Unit: Sendable, Hashable {
        var lower: [UInt8]
        var upper: [UInt8]
    }

    package let text: String
    let units: [Unit]

    package init(_ text: String) {
        self.text = text
        self.units = text.unicodeScalars.map(Unit.init)
    }

    /// Whether every unit is ASCII: then a byte accepts itself in both cases, and folding bytes is all there is to do.
    var isASCII: Bool { self.text.utf8.allSatisfy { $0 < 0x80 } }

    package static func == (lhs: CaselessText, rhs: CaselessText) -> Bool { lhs.units == rhs.units }

    package func hash(into hasher: inout Hasher) { hasher.combine(self.units) }
}

extension CaselessText.Unit {
    init(_ scalar: Unicode.Scalar) {
        self.lower = Array(scalar.properties.lowercaseMapping.utf8)
        self.upper = Array(scalar.properties.uppercaseMapping.utf8)
    }
}
