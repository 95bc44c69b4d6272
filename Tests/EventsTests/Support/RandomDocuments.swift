import SeededRandom

/// Writes random JSON texts with everything in them that a reader can trip over.
struct DocumentGenerator {
    private var random: SplitMix64
    private(set) var text: [UInt8] = []

    /// Few names, so that paths are hit, keys repeat, and dotted keys meet nested ones.
    static let names = [
        "a", "b", "a.b", "payload", "run_id", "tenant_id", "", "a.b.c", "event_type", "topic", "source", "c", "data",
        "type", "x", "a_rather_long_member_name_of_more_than_16_bytes", "payload.a", ".", "é",
    ]

    /// Paths that documents with those names are likely to have.
    static let paths = [
        "a", "a.b", "a.b.c", "payload", "payload.a", "payload.a.b", "payload.run_id", "source", "event_type", "", ".a",
        "a.", "payload.a_rather_long_member_name_of_more_than_16_bytes", "é", "x.x", "b", "payload.x", "..", "data.a",
    ]

    init(seed: UInt64) { self.random = SplitMix64(seed: seed) }

    mutating func document() -> [UInt8] {
        self.text = []
        self.value(depth: self.chance(1, in: 12) ? 9 : 0, isTop: true)
        return self.text
    }

    mutating func envelope() -> [UInt8] {
        self.text = []
        self.put("{")
        var keys = ["event_type", "timestamp", "source", "payload", "tenant_id", "x"].shuffled(using: &self.random)
        if self.chance(1, in: 4) {
            keys = ["type", "specversion", "data", "source", "time", "id", "payload"].shuffled(using: &self.random)
        }
        if self.chance(1, in: 10) { keys.append(keys[0]) }
        if self.chance(1, in: 3) { keys.removeLast() }
        for (index, key) in keys.enumerated() {
            if index > 0 { self.put(",") }
            self.space()
            self.put("\"\(key)\"")
            self.space()
            self.put(":")
            self.envelopeValue(key)
        }
        self.put("}")
        return self.text
    }

    private mutating func envelopeValue(_ key: String) {
        switch key {
        case _ where self.chance(1, in: 20): self.value(depth: 4)
        case "payload", "data": self.object(depth: 1)
        case "specversion": self.put(#""1.0""#)
        case "timestamp", "time": self.put(#""2026-11-20T23:15:12.5+00:00""#)
        default: self.string()
        }
    }

    /// A text with one to three random bytes changed, put in or taken out.
    mutating func damaged(_ text: [UInt8]) -> [UInt8] {
        var text = text
        let replacements =
            Array("\"\\{}[]:, \n\t0-eE.tnN\u{1}/u\u{7f}".utf8) + [0x80, 0xC3, 0xFF, 0xED, 0xF4, 0x00, 0x1A]
        for _ in 0...Int.random(in: 0...2, using: &self.random) {
            let position = Int.random(in: 0...text.count, using: &self.random)
            let byte = replacements.randomElement(using: &self.random) ?? 0
            switch Int.random(in: 0...2, using: &self.random) {
            case 0 where position < text.count: text[position] = byte
            case 1 where position < text.count: text.remove(at: position)
            default: text.insert(byte, at: position)
            }
        }
        return text
    }

    private mutating func chance(_ count: Int, in all: Int) -> Bool {
        Int.random(in: 0..<all, using: &self.random) < count
    }

    private mutating func put(_ text: String) { self.text += Array(text.utf8) }

    private mutating func space() {
        if self.chance(1, in: 3) {
            self.put([" ", "\n", "\t", "\r\n", "   ", ""].randomElement(using: &self.random) ?? "")
        }
    }

    private mutating func value(depth: Int, isTop: Bool = false) {
        self.space()
        switch Int.random(in: isTop ? 6...9 : depth > 5 ? 0...5 : 0...9, using: &self.random) {
        case 0: self.put("null")
        case 1: self.put(self.chance(1, in: 2) ? "true" : "false")
        case 2, 3: self.number()
        case 4, 5: self.string()
        case 6, 7, 8: self.object(depth: depth + 1)
        default: self.array(depth: depth + 1)
        }
        self.space()
    }

    private mutating func object(depth: Int) {
        self.put("{")
        for index in 0..<Int.random(in: 0...5, using: &self.random) {
            if index > 0 { self.put(",") }
            self.space()
            self.name()
            self.space()
            self.put(":")
            self.value(depth: depth)
        }
        self.put("}")
    }

    private mutating func array(depth: Int) {
        self.put("[")
        for index in 0..<Int.random(in: 0...4, using: &self.random) {
            if index > 0 { self.put(",") }
            self.value(depth: depth)
        }
        self.put("]")
    }

    private mutating func name() {
        let name = Self.names.randomElement(using: &self.random) ?? "a"
        self.put("\"")
        for byte in name.utf8 {
            if byte < 0x80, self.chance(1, in: 40) {
                self.put("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: self.chance(1, in: 2)))
            } else {
                self.text.append(byte)
            }
        }
        self.put("\"")
    }

    private mutating func string() {
        let pieces = [
            "plain", "", "é", "日本", "😀", #"\n"#, #"\""#, #"\\"#, #"\u00e9"#, #"\ud83d\ude00"#, #"\/"#, " ", "{", "]",
            "run.completed", #"\u0000"#, ":", ",", #"\t"#, "a longer piece of text without any escape in it at all",
        ]
        self.put("\"")
        for _ in 0..<Int.random(in: 0...4, using: &self.random) {
            self.put(pieces.randomElement(using: &self.random) ?? "")
        }
        if self.chance(1, in: 60) {
            self.put([#"\ud800"#, #"\q"#, #"\u12g4"#].randomElement(using: &self.random) ?? "")
        }
        self.put("\"")
    }

    private mutating func number() {
        let numbers = [
            "0", "-0", "1", "25.10", "-1.5e-3", "1E+400", "9007199254740993", "0.1", "12345678901234567890", "1e0",
        ]
        let broken = [
            "01", "1.", ".5", "+1", "-", "1e", "0x10", "1e+", "--1", "NaN", "Infinity", "-Infinity", "NaNs", "nan",
        ]
        let source = self.chance(1, in: 80) ? broken : numbers
        self.put(source.randomElement(using: &self.random) ?? "0")
    }
}
