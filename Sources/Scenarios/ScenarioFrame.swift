import Events
import ReactorConfig

/// A message as it is written again and again: all but the number of the repetition and the time, which are put in.
struct ScenarioFrame {
    private enum Piece {
        case bytes([UInt8])
        case number
        case time
    }

    private var pieces: [Piece] = []
    private var open: [UInt8] = []

    init(_ event: ScenarioEvent) {
        switch event {
        case .raw(let bytes): self.open = bytes
        case .envelope(.object(let members)): self.write(envelope: members)
        case .envelope(let value): self.write(value)
        }
        self.close()
    }

    /// - Parameter number: of the repetition, from 1.
    func bytes(number: Int, at now: Timestamp) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        for piece in self.pieces {
            switch piece {
            case .bytes(let piece): bytes += piece
            case .number: bytes += String(number).utf8
            case .time: now.write(into: &bytes)
            }
        }
        return bytes
    }

    /// One that says no time has that of its arrival.
    private mutating func write(envelope members: [JSONMember]) {
        let isCloudEvent = members.contains { $0.name == "specversion" }
        let time = isCloudEvent ? "time" : "timestamp"
        var members = members
        if !members.contains(where: { $0.name == time }) {
            members.insert(JSONMember(time, .string(ScenarioEvent.timeMark)), at: min(1, members.count))
        }
        self.write(.object(members))
    }

    private mutating func write(_ value: JSONValue) {
        switch value {
        case .null, .bool, .number: value.write(into: &self.open)
        case .string(let text): self.write(text)
        case .array(let elements):
            self.open.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { self.open.append(UInt8(ascii: ",")) }
                self.write(element)
            }
            self.open.append(UInt8(ascii: "]"))
        case .object(let members):
            self.open.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { self.open.append(UInt8(ascii: ",")) }
                self.open.appendJSONString(member.name)
                self.open.append(UInt8(ascii: ":"))
                self.write(member.value)
            }
            self.open.append(UInt8(ascii: "}"))
        }
    }

    /// What is put in needs no escapes, so each part of the text is escaped by itself.
    private mutating func write(_ text: String) {
        self.open.append(UInt8(ascii: "\""))
        for (index, part) in text.split(separator: ScenarioEvent.numberMark, omittingEmptySubsequences: false)
            .enumerated()
        {
            if index > 0 { self.put(.number) }
            for (index, part) in part.split(separator: ScenarioEvent.timeMark, omittingEmptySubsequences: false)
                .enumerated()
            {
                if index > 0 { self.put(.time) }
                var quoted: [UInt8] = []
                quoted.appendJSONString(String(part))
                self.open += quoted.dropFirst().dropLast()
            }
        }
        self.open.append(UInt8(ascii: "\""))
    }

    private mutating func put(_ piece: Piece) {
        self.close()
        self.pieces.append(piece)
    }

    private mutating func close() {
        if !self.open.isEmpty { self.pieces.append(.bytes(self.open)) }
        self.open = []
    }
}
