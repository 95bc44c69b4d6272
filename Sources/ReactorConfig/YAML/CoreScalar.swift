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

    /// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
    private static func decimal(_ text: String) -> CoreScalar? {
        var rest = text.utf8[...]
        let sign = rest.first
        if sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest = rest.dropFirst() }
        let whole = Self.digits(&rest)
        var fraction: String?
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            fraction = Self.digits(&rest)
        }
        guard !whole.isEmpty || fraction?.isEmpty == false else { return nil }
        var exponent = ""
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
                exponent = sign == UInt8(ascii: "-") ? "e-" : "e+"
                rest = rest.dropFirst()
            } else {
                exponent = "e"
            }
            let digits = Self.digits(&rest)
            guard !digits.isEmpty else { return nil }
            exponent += digits
        }
        guard rest.isEmpty else { return nil }
        let stripped = whole.drop { $0 == "0" }
        let minus = sign == UInt8(ascii: "-") ? "-" : ""
        let plain =
            minus + (stripped.isEmpty ? "0" : stripped)
            + (fraction.map { $0.isEmpty ? "" : "." + $0 } ?? "") + exponent
        let isJSON =
            sign != UInt8(ascii: "+") && (whole == "0" || whole.utf8.count == stripped.utf8.count && !whole.isEmpty)
            && fraction?.isEmpty != true
        return isJSON ? .number(text) : .oddNumber(plain: plain)
    }

    private static func digits(_ rest: inout Substring.UTF8View) -> String {
        let digits = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        rest = rest.dropFirst(digits.count)
        return String(Substring(digits))
    }
}
