import CSimdJSON
import Synchronization

extension JSONValue {
    /// Reads one JSON text, as strictly as the decoder of events does: UTF-8, nothing behind the end, no `NaN`. Of a
    /// member that comes twice both are kept; the subscripts take the last one.
    ///
    /// - Parameter maxDepth: how many objects and arrays may lie in each other, 1...64.
    package static func parse(_ bytes: ByteView, maxDepth: Int = 64) throws(JSONError) -> JSONValue {
        let spare = SpareParser.take()
        defer { spare.giveBack(after: bytes.count) }
        let parser = spare.parser
        let depth = UInt32(Swift.max(1, Swift.min(maxDepth, 64)))
        let status = csj_read_tokens(parser, bytes.start, bytes.count, depth)
        guard status == .CSJ_OK else { throw JSONError(status, offset: csj_parser_error_offset(parser)) }
        let tokens = csj_parser_tokens(parser)
        var reader = TokenReader(tokens: UnsafeBufferPointer(start: tokens.tokens, count: Int(tokens.count)))
        return reader.value()
    }

    package static func parse(_ bytes: [UInt8], maxDepth: Int = 64) throws(JSONError) -> JSONValue {
        let result = bytes.withUnsafeBytes { buffer in
            Result { () throws(JSONError) in try Self.parse(ByteView(buffer), maxDepth: maxDepth) }
        }
        return try result.get()
    }

    package static func parse(_ text: String, maxDepth: Int = 64) throws(JSONError) -> JSONValue {
        try Self.parse(Array(text.utf8), maxDepth: maxDepth)
    }
}

/// A parser that nobody uses, kept for the next text: making one, with all its tables, costs several times as much as
/// reading a text of usual length.
///
/// Whoever took it is alone with it until it is given back; that makes the unchecked claim true.
private struct SpareParser: @unchecked Sendable {
    /// More are not in use at once for long: who reads a text does nothing else meanwhile.
    private static let mostKept = 8
    /// A parser grows with the texts that it reads and does not shrink: one that has read a larger one is not kept.
    private static let longestText = 65_536

    private static let kept = Mutex<[SpareParser]>([])

    let parser: OpaquePointer

    static func take() -> SpareParser {
        if let kept = Self.kept.withLock({ $0.popLast() }) { return kept }
        guard let parser = csj_parser_create() else { fatalError("out of memory for a JSON parser") }
        return SpareParser(parser: parser)
    }

    func giveBack(after length: Int) {
        let isKept = Self.kept.withLock { kept in
            guard length <= Self.longestText, kept.count < Self.mostKept else { return false }
            kept.append(self)
            return true
        }
        if !isKept { csj_parser_destroy(self.parser) }
    }
}

/// Builds values from the tokens of a text that was accepted, so they fit together and are at most 64 levels deep; the
/// recursion is as deep as the text.
private struct TokenReader {
    let tokens: UnsafeBufferPointer<csj_slice>
    private var next = 0

    init(tokens: UnsafeBufferPointer<csj_slice>) { self.tokens = tokens }

    mutating func value() -> JSONValue {
        let token = self.take()
        switch token.kind {
        case .CSJ_FALSE: return .bool(false)
        case .CSJ_TRUE: return .bool(true)
        case .CSJ_NUMBER: return .number(ByteView(token).string)
        case .CSJ_STRING: return .string(ByteView(token).string)
        case .CSJ_OBJECT: return self.object()
        case .CSJ_ARRAY: return self.array()
        default: return .null
        }
    }

    private mutating func object() -> JSONValue {
        var members: [JSONMember] = []
        while true {
            let name = self.take()
            guard name.kind == .CSJ_KEY else { return .object(members) }
            members.append(JSONMember(ByteView(name).string, self.value()))
        }
    }

    private mutating func array() -> JSONValue {
        var elements: [JSONValue] = []
        while self.tokens[self.next].kind != .CSJ_END { elements.append(self.value()) }
        self.next += 1
        return .array(elements)
    }

    private mutating func take() -> csj_slice {
        defer { self.next += 1 }
        return self.tokens[self.next]
    }
}
