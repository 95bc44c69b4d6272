import Events
import Testing

@Suite struct JSONValueTests {
    @Test func `a text is read into values that keep order and number texts`() throws {
        let value = try JSONValue.parse(#" {"b": [1.10, -0, 1e400, true, null], "a": {"é": "\u00e9"}, "b": "last"} "#)
        #expect(
            value
                == .object([
                    JSONMember("b", .array([.number("1.10"), .number("-0"), .number("1e400"), .bool(true), .null])),
                    JSONMember("a", .object([JSONMember("é", .string("é"))])),
                    JSONMember("b", .string("last")),
                ])
        )
        #expect(value["b"] == "last")
        #expect(value[path: ["a", "é"]]?.stringValue == "é")
        #expect(value["missing"] == nil)
    }

    @Test func `an object written member by member is the one that is written as a value`() throws {
        let value: JSONValue = [
            "text": "a\"\n\u{1}é", "none": .null, "number": -7, "nested": ["list": [1, true, .null]], "raw": [1, "b"],
        ]
        var text = JSONObjectText(capacity: 0)
        text.add("text", "a\"\n\u{1}é")
        text.add("none", JSONValue.null)
        text.add("number", -7)
        text.add("nested", try #require(value["nested"]))
        text.add("raw", json: #"[1,"b"]"#.utf8)
        #expect(text.finished() == value.compactBytes)
        #expect(JSONObjectText().finished() == Array("{}".utf8))
    }

    @Test func `indented for people it is still the same value`() throws {
        let value = try JSONValue.parse(#"{"a":[1,{"b":"x\ny"}],"c":{},"d":[],"e":null}"#)
        let text = """
            {
              "a": [
                1,
                {
                  "b": "x\\ny"
                }
              ],
              "c": {},
              "d": [],
              "e": null
            }
            """
        #expect(value.indentedText == text)
        #expect(try JSONValue.parse(value.indentedText) == value)
    }

    @Test(arguments: ["null", "true", "false", "0", "-1.5E+3", #""""#, #""a\"b""#, "[]", "{}", "[[],{}]"])
    func `any value may stand alone`(text: String) throws {
        #expect(try JSONValue.parse(text).compactText == text)
    }

    @Test(arguments: [
        ("", JSONError.Code.notJSON), ("{", .notJSON), ("[1,]", .notJSON), ("NaN", .notJSON), ("[Infinity]", .notJSON),
        ("1 2", .notJSON), ("\u{FEFF}1", .notJSON), (#""\ud800""#, .notJSON), ("tru", .notJSON),
        (String(repeating: "[", count: 65) + String(repeating: "]", count: 65), .tooDeep),
        (String(repeating: "[", count: 100_000), .tooDeep),
    ])
    func `what is not strict JSON is refused with a reason`(text: String, code: JSONError.Code) {
        let error = #expect(throws: JSONError.self) { try JSONValue.parse(text) }
        #expect(error?.code == code)
    }

    @Test func `bytes that are no UTF-8 are refused`() {
        #expect(throws: JSONError.self) { try JSONValue.parse([0x22, 0xFF, 0x22]) }
    }

    @Test func `an error says where`() {
        let error = #expect(throws: JSONError.self) { try JSONValue.parse(#"{"a": 1, "b": oops}"#) }
        #expect(error?.offset == 14)
        #expect(error?.description == "not valid JSON at byte 14")
    }

    @Test func `a depth can be set and 64 levels are read`() throws {
        _ = try JSONValue.parse(String(repeating: "[", count: 64) + String(repeating: "]", count: 64))
        _ = try JSONValue.parse("[[1]]", maxDepth: 2)
        #expect(throws: JSONError.self) { try JSONValue.parse("[[[1]]]", maxDepth: 2) }
    }

    @Test func `output is escaped`() {
        let text = "\"\\/\u{0}\u{1}\u{8}\t\n\u{B}\u{C}\r\u{1F}\u{7F}é\u{2028}😀"
        #expect(
            JSONValue.string(text).compactText
                == "\"\\\"\\\\/\\u0000\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f\u{7F}é\u{2028}😀\""
        )
    }

    @Test func `output can be spaced as Python writes it`() {
        var bytes: [UInt8] = []
        let value: JSONValue = ["a": 1, "b": ["x", nil, true], "c": [:], "d": []]
        value.write(into: &bytes, style: .spaced)
        #expect(String(decoding: bytes, as: UTF8.self) == #"{"a": 1, "b": ["x", null, true], "c": {}, "d": []}"#)
        #expect(value.compactText == #"{"a":1,"b":["x",null,true],"c":{},"d":[]}"#)
    }

    @Test func `numbers are written as they were read`() {
        #expect(JSONValue.number("25.10").compactText == "25.10")
        #expect(JSONValue.number(Double.nan) == .null)
        #expect(JSONValue.number(1.5) == .number("1.5"))
        #expect(JSONValue.number("9007199254740993").intValue == 9_007_199_254_740_993)
        #expect(JSONValue.number("2.5").intValue == nil)
        #expect(JSONValue.number("2.5").doubleValue == 2.5)
    }

    @Test func `names are compared as bytes`() throws {
        let value = try JSONValue.parse("{\"e\u{301}\":1,\"\u{e9}\":2}")
        #expect(value["\u{e9}"] == 2)
        #expect(value["e\u{301}"] == 1)
    }

    @Test func `repeated members can be taken out at every level`() throws {
        let value = try JSONValue.parse(#"{"a":1,"b":{"c":1,"c":2},"a":[{"d":1,"d":2}]}"#)
        #expect(value.withoutRepeatedMembers.compactText == #"{"b":{"c":2},"a":[{"d":2}]}"#)
    }
}
