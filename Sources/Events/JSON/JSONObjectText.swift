/// The text of a JSON object, written member by member: for what is written too often to build a `JSONValue` first.
package struct JSONObjectText: ~Copyable {
    private var bytes: [UInt8]

    /// - Parameter capacity: bytes that are set aside.
    package init(capacity: Int = 256) {
        self.bytes = []
        self.bytes.reserveCapacity(capacity)
        self.bytes.append(UInt8(ascii: "{"))
    }

    /// - Parameter name: needs no escapes.
    package mutating func add(_ name: StaticString, _ text: String) {
        self.begin(name)
        self.bytes.appendJSONString(text)
    }

    package mutating func add(_ name: StaticString, _ number: some FixedWidthInteger) {
        self.begin(name)
        self.bytes.append(contentsOf: String(number).utf8)
    }

    package mutating func add(_ name: StaticString, _ value: JSONValue) {
        self.begin(name)
        value.write(into: &self.bytes)
    }

    /// - Parameter name: likewise.
    package mutating func add(name: String, _ text: String) {
        self.separate()
        self.bytes.appendJSONString(name)
        self.bytes.append(UInt8(ascii: ":"))
        self.bytes.appendJSONString(text)
    }

    package mutating func add(_ name: StaticString, _ value: Bool) {
        self.add(name, json: value ? "true".utf8 : "false".utf8)
    }

    /// An object as a member.
    ///
    /// - Parameter members: adds what it has.
    package mutating func add(_ name: StaticString, members: (inout JSONObjectText) -> Void) {
        self.begin(name)
        self.bytes.append(UInt8(ascii: "{"))
        members(&self)
        self.bytes.append(UInt8(ascii: "}"))
    }

    /// - Parameter json: is valid JSON.
    package mutating func add(_ name: StaticString, json: some Sequence<UInt8>) {
        self.begin(name)
        self.bytes.append(contentsOf: json)
    }

    /// The whole text, UTF-8.
    package consuming func finished() -> [UInt8] {
        self.bytes.append(UInt8(ascii: "}"))
        return self.bytes
    }

    private mutating func begin(_ name: StaticString) {
        self.separate()
        self.bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { self.bytes.append(contentsOf: $0) }
        self.bytes.append(UInt8(ascii: "\""))
        self.bytes.append(UInt8(ascii: ":"))
    }

    private mutating func separate() {
        // No member ends in what an object begins with.
        if self.bytes.last != UInt8(ascii: "{") { self.bytes.append(UInt8(ascii: ",")) }
    }
}
