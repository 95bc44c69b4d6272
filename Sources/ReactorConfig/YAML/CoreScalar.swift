/// What a plain scalar is by the core schema of YAML 1.2: `no`, `on`, `1:30` and `1_000` are texts, `012` is twelve.
enum CoreScalar: Equatable {
    case null
    case bool(Bool)
    /// A number that JSON would write the same way.
    case number(String)
    /// A number in a form that JSON does not have, or that YAML 1.1 reads as another number; with the plain form.
    case oddNumber(plain: String)
    /// `.inf`, `.nan`: numbers that JSON does not have.
    case notFinite
    case text

    init(plain text: String) {
        switch text {
        case "", "~", "null", "Null", "NULL": self = .null
        case "true", "True", "TRUE": self = .bool(true)
        case "false", "False", "FALSE": self = .bool(false)
        case ".nan", ".NaN", ".NAN": self = .notFinite
        default:
            let unsigned = text.first == "-" || text.first == "+" ? text.dropFirst() : text[...]
            if unsigned == ".inf" || unsigned == ".Inf" || unsigned == ".INF" {
                self = .notFinite
            } else {
                self = Self.based(text) ?? Self.decimal(text) ?? .text
            }
        }
    }

    /// `0o17` and `0x1F`.
    private static func based(_ text: String) -> CoreScalar? {
        let radix: Int
        switch text.utf8.prefix(2) {
        case let head where head.elementsEqual("0x".utf8): radix = 16
        case let head where head.elementsEqual("0o".utf8): radix = 8
        default: return nil
        }
        let digits = text.dropFirst(2)
        guard digits.first != "-", digits.first != "+", let value = UInt64(digits, radix: radix) else { return nil }
        return .oddNumber(plain: String(value))
    }

    private static func decimal(_ text: String) -> CoreScalar? {
        guard let parts = DecimalParts(text) else { return nil }
        return parts.isJSON ? .number(text) : .oddNumber(plain: parts.plain)
    }
}

/// The parts of `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
private struct DecimalParts {
    private var sign = ""
    private var whole = ""
    /// Nil without a point.
    private var fraction: String?
    /// With its letter and sign.
    private var exponent = ""

    init?(_ text: String) {
        var rest = text.utf8[...]
        self.sign = Self.take(&rest, from: "+-")
        self.whole = Self.digits(&rest)
        if !Self.take(&rest, from: ".").isEmpty { self.fraction = Self.digits(&rest) }
        guard !self.whole.isEmpty || self.fraction?.isEmpty == false else { return nil }
        let letter = Self.take(&rest, from: "eE")
        if !letter.isEmpty {
            let sign = Self.take(&rest, from: "+-")
            let digits = Self.digits(&rest)
            guard !digits.isEmpty else { return nil }
            self.exponent = letter + sign + digits
        }
        guard rest.isEmpty else { return nil }
    }

    /// Whether JSON writes numbers so: no plus, no needless zero, digits on both sides of a point.
    var isJSON: Bool {
        let hasNeedlessZero = self.whole.utf8.count > 1 && self.whole.utf8.first == UInt8(ascii: "0")
        return self.sign != "+" && !self.whole.isEmpty && !hasNeedlessZero && self.fraction?.isEmpty != true
    }

    /// The same number as JSON writes it.
    var plain: String {
        let digits = self.whole.drop { $0 == "0" }
        let fraction = self.fraction.map { $0.isEmpty ? "" : "." + $0 } ?? ""
        return (self.sign == "-" ? "-" : "") + (digits.isEmpty ? "0" : digits) + fraction + self.exponent
    }

    private static func take(_ rest: inout Substring.UTF8View, from allowed: String) -> String {
        guard let first = rest.first, allowed.utf8.contains(first) else { return "" }
        rest = rest.dropFirst()
        return String(Unicode.Scalar(first))
    }

    private static func digits(_ rest: inout Substring.UTF8View) -> String {
        let digits = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        rest = rest.dropFirst(digits.count)
        return String(Substring(digits))
    }
}
