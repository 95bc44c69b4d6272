/// A hash that is the same in every run and on every machine (FNV-1a, 64 bits): tells versions apart, protects nothing.
struct StableHash {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    /// A text and its end, so that `ab`, `c` and `a`, `bc` differ.
    mutating func combine(_ text: String) {
        for byte in text.utf8 { self.combine(byte) }
        self.combine(0xFF)
    }

    private mutating func combine(_ byte: UInt8) {
        self.state = (self.state ^ UInt64(byte)) &* 0x100_0000_01B3
    }

    /// Sixteen digits.
    var hexDigits: String {
        let digits = String(self.state, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}

extension StableHash {
    /// A tree as its values are after the environment was put in; places and comments do not count.
    mutating func combine(_ node: YAMLNode, environment: [String: String]) {
        switch node {
        case .scalar(let scalar):
            self.combine(scalar.style == .plain ? "plain" : "text")
            self.combine(Interpolation(scalar.text, environment: environment).text)
        case .sequence(let elements, _):
            self.combine("[")
            for element in elements { self.combine(element, environment: environment) }
            self.combine("]")
        case .mapping(let members, _):
            self.combine("{")
            for member in members {
                self.combine(member.key)
                self.combine(member.value, environment: environment)
            }
            self.combine("}")
        }
    }
}
