import SeededRandom

/// Makes streams as a Redis server sends them to a subscribed connection, and others that are merely well formed.
struct RESPStream {
    private var random: SplitMix64
    private(set) var bytes: [UInt8] = []

    init(seed: UInt64) {
        self.random = SplitMix64(seed: seed)
    }

    mutating func append(frames: Int, longestPayload: Int) {
        for _ in 0..<frames { self.appendFrame(longestPayload) }
    }

    private mutating func appendFrame(_ longestPayload: Int) {
        switch Int.random(in: 0..<14, using: &self.random) {
        case 0..<5:
            self.array(["message".utf8.map { $0 }, self.name(), self.payload(longestPayload)])
        case 5..<7:
            self.array(["pmessage".utf8.map { $0 }, self.name(), self.name(), self.payload(longestPayload)])
        case 7: self.confirmation()
        case 8: self.array(["pong".utf8.map { $0 }, self.payload(8)])
        case 9: self.line("+", self.text())
        case 10: self.line("-", "ERR " + self.text())
        case 11: self.line(":", String(Int64.random(in: .min ... .max, using: &self.random)))
        case 12: self.scalar(longestPayload)
        default: self.nested(depth: 1)
        }
    }

    private mutating func confirmation() {
        let names = ["subscribe", "psubscribe", "unsubscribe", "punsubscribe"]
        let name = names.randomElement(using: &self.random) ?? "subscribe"
        self.line("*", "3")
        self.bulk(Array(name.utf8))
        if name.contains("un"), Bool.random(using: &self.random) {
            self.line("$", "-1")
        } else {
            self.bulk(self.name())
        }
        self.line(":", String(Int.random(in: 0..<12, using: &self.random)))
    }

    private mutating func nested(depth: Int) {
        let count = Int.random(in: 0..<4, using: &self.random)
        self.line("*", String(count))
        for _ in 0..<count {
            if depth < 4, Int.random(in: 0..<3, using: &self.random) == 0 {
                self.nested(depth: depth + 1)
            } else {
                self.scalar(20)
            }
        }
    }

    private mutating func scalar(_ longest: Int) {
        switch Int.random(in: 0..<6, using: &self.random) {
        case 0: self.line("$", "-1")
        case 1: self.line("*", "-1")
        case 2: self.line(":", String(Int.random(in: -5..<5, using: &self.random)))
        case 3: self.line("+", self.text())
        default: self.bulk(self.payload(longest))
        }
    }

    private mutating func array(_ elements: [[UInt8]]) {
        self.line("*", String(elements.count))
        for element in elements { self.bulk(element) }
    }

    private mutating func bulk(_ bytes: [UInt8]) {
        self.line("$", String(bytes.count))
        self.bytes += bytes + [0x0D, 0x0A]
    }

    private mutating func line(_ type: String, _ text: String) {
        self.bytes += Array((type + text + "\r\n").utf8)
    }

    private mutating func name() -> [UInt8] {
        let names = ["aos.events", "", "a", "aos.reactor.probe.1f", "message", "*3", "größe"]
        return Array((names.randomElement(using: &self.random) ?? "").utf8)
    }

    private mutating func text() -> String {
        ["OK", "", "PONG", "QUEUED", "a b  c"].randomElement(using: &self.random) ?? ""
    }

    /// Any bytes, terminators and frame heads among them.
    private mutating func payload(_ longest: Int) -> [UInt8] {
        let pieces = ["\r\n", "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n", "{\"event_type\":\"run.failed\"}", "$-1\r\n"]
        switch Int.random(in: 0..<4, using: &self.random) {
        case 0: return Array((pieces.randomElement(using: &self.random) ?? "").utf8)
        default:
            let count = Int.random(in: 0...longest, using: &self.random)
            // Eight bytes from each number: debug builds are slow at this.
            var bytes: [UInt8] = []
            bytes.reserveCapacity(count + 8)
            while bytes.count < count { withUnsafeBytes(of: self.random.next()) { bytes.append(contentsOf: $0) } }
            bytes.removeLast(bytes.count - count)
            return bytes
        }
    }
}
