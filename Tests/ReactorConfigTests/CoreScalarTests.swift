import Testing

@testable import ReactorConfig

struct CoreScalarTests {
    @Test(arguments: [
        "no", "yes", "on", "off", "y", "n", "1:30", "190:20:30", "1_000", "2026-11-21", "0b11", "1.2.3", "e3", "1e",
        "+",
        "-", ".", "--1", "0x", "0o8", "0xG", "<<", "=", "Nan", "INF", "tRue", "nUll",
    ])
    func `what only older YAML takes for a value is text`(text: String) {
        #expect(CoreScalar(plain: text) == .text)
    }

    @Test(arguments: ["0", "-0", "12", "-12", "1.10", "1e3", "1E-3", "1.5e+300", "123456789012345678901234567890"])
    func `numbers keep their text`(text: String) {
        #expect(CoreScalar(plain: text) == .number(text))
    }

    @Test(arguments: [
        ("012", "12"), ("+1", "1"), ("00", "0"), ("1.", "1"), (".5", "0.5"), ("-.5e1", "-0.5e1"), ("0x1F", "31"),
        ("0o17", "15"), ("-007", "-7"), ("1.e5", "1e5"),
    ])
    func `numbers that others read differently have a plain form`(text: String, plain: String) {
        #expect(CoreScalar(plain: text) == .oddNumber(plain: plain))
    }

    @Test func `only three words each are null, true and false`() {
        for text in ["", "~", "null", "Null", "NULL"] { #expect(CoreScalar(plain: text) == .null) }
        for text in ["true", "True", "TRUE"] { #expect(CoreScalar(plain: text) == .bool(true)) }
        for text in ["false", "False", "FALSE"] { #expect(CoreScalar(plain: text) == .bool(false)) }
        for text in [".inf", "-.INF", "+.Inf", ".nan", ".NaN"] { #expect(CoreScalar(plain: text) == .notFinite) }
    }
}
