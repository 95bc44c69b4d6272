import FoundationEssentials
import Logging
import Testing

@testable import Telemetry

@Suite struct LogRecordTests {
    /// 2026-11-21T00:40:00.123456Z
    private static let instant: Int64 = 1_795_221_600_123_456

    private func json(_ message: String, _ metadata: Logger.Metadata = [:], error: (any Error)? = nil) -> String {
        var record = LogRecord(microseconds: Self.instant, level: .warning, message: message)
        record.metadata = metadata
        record.error = error
        var line: [UInt8] = []
        record.appendJSON(to: &line)
        return String(decoding: line, as: UTF8.self)
    }

    private func text(_ message: String, _ metadata: Logger.Metadata = [:], colored: Bool = false) -> String {
        var record = LogRecord(microseconds: Self.instant, level: .warning, message: message)
        record.metadata = metadata
        var line: [UInt8] = []
        record.appendText(colored: colored, to: &line)
        return String(decoding: line, as: UTF8.self)
    }

    @Test func `a line has its time, level and message first and then its fields in order`() {
        let line = self.json("handler failed", ["handler": "pager", "attempt": .stringConvertible(3), "error": "no"])
        #expect(
            line == """
                {"ts":"2026-11-21T00:40:00.123Z","level":"warning","msg":"handler failed","attempt":3,"error":"no",\
                "handler":"pager"}

                """
        )
    }

    @Test func `numbers and truth values stay what they are`() {
        let metadata: Logger.Metadata = [
            "a": .stringConvertible(1.5), "b": .stringConvertible(true), "c": .stringConvertible(UInt64.max),
            "d": .stringConvertible(Double.nan),
        ]
        #expect(self.json("m", metadata).hasSuffix(#""a":1.5,"b":true,"c":18446744073709551615,"d":"nan"}"# + "\n"))
    }

    @Test func `lists and dictionaries nest, and end at a depth`() throws {
        var deep: Logger.MetadataValue = "bottom"
        for _ in 0..<100 { deep = ["x": deep] }
        let line = self.json("m", ["list": ["a", ["k": "v"]], "deep": deep])
        #expect(line.contains(#""list":["a",{"k":"v"}]"#))
        #expect(line.contains(#""x":"...""#))
        #expect(!line.contains("bottom"))
        try self.expectJSON(line)
    }

    @Test func `an error is a field`() {
        struct Broken: Error, CustomStringConvertible { var description: String { "broken\npipe" } }
        #expect(self.json("m", error: Broken()).contains(#""error":"broken\npipe""#))
    }

    @Test func `names that a line uses itself are kept apart`() {
        #expect(self.json("m", ["msg": "x", "ts": "y"]).contains(#""_msg":"x","_ts":"y""#))
    }

    @Test(
        arguments: [
            ("\u{1B}[31mred", #"\u001b[31mred"#), ("a\nb\r\tc", #"a\nb\r\tc"#), ("\u{0}\u{7F}", #"\u0000\u007f"#),
            ("\u{9B}2J", #"\u009b2J"#), ("\u{202E}evil", #"\u202eevil"#), ("\u{2028}", #"\u2028"#),
            ("\u{2066}x\u{2069}", #"\u2066x\u2069"#), ("quote\" back\\", #"quote\" back\\"#),
            ("Grüße 日本 🎉 €", "Grüße 日本 🎉 €"), ("\u{A0}\u{2026}", "\u{A0}\u{2026}"),
        ]
    )
    func `what could move a terminal's cursor is escaped and the rest stays`(raw: String, escaped: String) throws {
        let json = self.json(raw, ["key": "\(raw)"])
        #expect(json.contains(#""msg":"\#(escaped)""#))
        try self.expectJSON(json)
        let text = self.text(raw, ["key": "\(raw)"])
        #expect(text.contains(escaped))
        #expect(text.utf8.filter { $0 < 0x20 } == [UInt8(ascii: "\n")])
    }

    @Test func `a long field is cut at a character and says how much is missing`() throws {
        let line = self.json("m", ["long": "\(String(repeating: "é", count: 3_000))x"])
        #expect(line.hasSuffix("é...[1905 bytes more]\"}\n"))
        try self.expectJSON(line)
    }

    @Test func `a line with too many fields is cut and still JSON`() throws {
        let fields = (0..<100).map { ("k\($0)", Logger.MetadataValue.string(String(repeating: "v", count: 4_000))) }
        let line = self.json("m", Dictionary(uniqueKeysWithValues: fields))
        #expect(line.utf8.count < 40_000)
        #expect(line.hasSuffix(#","truncated":true}"# + "\n"))
        try self.expectJSON(line)
    }

    @Test func `text for a reader quotes only what needs it`() {
        let line = self.text("handler failed", ["handler": "pager", "error": "no route", "empty": ""])
        #expect(line == "00:40:00.123 WARNING  handler failed empty=\"\" error=\"no route\" handler=pager\n")
    }

    @Test func `colour is used only when asked for`() {
        #expect(self.text("m", ["a": "b"], colored: true).contains("\u{1B}[33mWARNING"))
        #expect(!self.text("m", ["a": "b"]).contains("\u{1B}"))
    }

    @Test(
        arguments: [
            ([:], true), (["NO_COLOR": ""], true), (["NO_COLOR": "1"], false), (["TERM": "dumb"], false),
            (["TERM": "xterm", "NO_COLOR": "0"], false),
        ] as [([String: String], Bool)]
    )
    func `the environment can switch colour off`(environment: [String: String], wantsColor: Bool) {
        #expect(LogFormat.wantsColor(environment) == wantsColor)
    }

    private func expectJSON(_ line: String) throws {
        struct Head: Decodable { var msg: String }
        _ = try JSONDecoder().decode(Head.self, from: Data(line.utf8))
    }
}

@Suite struct RFC3339Tests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
            (1_795_221_600_123_456, "2026-11-21T00:40:00.123456Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (4_107_542_399_000_000, "2100-02-28T23:59:59.000000Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
            (-62_167_219_200_000_000, "0000-01-01T00:00:00.000000Z"),
        ] as [(Int64, String)]
    )
    func `instants are written as the standard asks`(microseconds: Int64, text: String) {
        #expect(RFC3339.text(microseconds: microseconds) == text)
    }

    @Test func `every day of four centuries follows the day before`() {
        var expected = (year: 1_970, month: 1, day: 1)
        for day in 0..<146_097 as Range<Int64> {
            let text = RFC3339.text(microseconds: day * 86_400_000_000, precision: .milliseconds)
            let month = expected.month < 10 ? "0\(expected.month)" : "\(expected.month)"
            let dayOfMonth = expected.day < 10 ? "0\(expected.day)" : "\(expected.day)"
            guard text == "\(expected.year)-\(month)-\(dayOfMonth)T00:00:00.000Z" else {
                Issue.record("\(text) is not \(expected)")
                return
            }
            expected = Self.dayAfter(expected)
        }
    }

    private static func dayAfter(_ date: (year: Int, month: Int, day: Int)) -> (year: Int, month: Int, day: Int) {
        let isLeap = date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0)
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        if date.day < lengths[date.month - 1] { return (date.year, date.month, date.day + 1) }
        return date.month < 12 ? (date.year, date.month + 1, 1) : (date.year + 1, 1, 1)
    }
}
