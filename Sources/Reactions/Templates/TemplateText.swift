import Events

extension JSONValue {
    /// How a value appears in text: strings as they are, numbers as they were written, the rest as compact JSON.
    var templateText: String {
        switch self {
        case .null: ""
        case .bool(let flag): flag ? "true" : "false"
        case .number(let text), .string(let text): text
        case .array, .object: self.compactText
        }
    }
}

extension String {
    /// The longest beginning of at most so many bytes that does not cut a character's bytes apart.
    func clipped(toBytes limit: Int) -> String {
        guard self.utf8.count > limit else { return self }
        var bytes = self.utf8.prefix(max(0, limit))
        // A byte 10xxxxxx after the cut means that the cut is inside a character.
        while let next = self.utf8[bytes.endIndex...].first, next & 0xC0 == 0x80, !bytes.isEmpty {
            bytes.removeLast()
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
