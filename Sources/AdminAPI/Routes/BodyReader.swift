import Events
import Hummingbird
import HummingbirdCore
import NIOCore
import Reactions

/// The JSON object that a request brings, read strictly: unknown members and values of the wrong kind are refused, all
/// problems at once.
struct BodyReader {
    /// More than any request here needs.
    static let maxBytes = 16 * 1_024

    private var members: [JSONMember]
    private var problems: [Problem.Cause] = []

    /// - Throws: a problem for a body that is no JSON object, or too long.
    init(_ request: Request, known: Set<String>) async throws {
        let type = request.headers[.contentType]?.prefix { $0 != ";" && $0 != " " }.lowercased()
        guard type == "application/json" else {
            throw Problem(
                title: "Unsupported Media Type",
                status: 415,
                detail: "the body must be JSON, and its content-type say so: application/json"
            )
        }
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: Self.maxBytes)
        } catch is NIOTooManyBytesError {
            throw Problem.tooLarge("a body has at most \(Self.maxBytes) bytes")
        }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(Array(body.readableBytesView), maxDepth: 16)
        } catch {
            throw Problem.badBody([Problem.Cause(detail: "the body is no JSON: \(error)", pointer: "#")])
        }
        guard case .object(let members) = value else {
            throw Problem.badBody([Problem.Cause(detail: "the body must be a JSON object", pointer: "#")])
        }
        self.members = members
        var seen: Set<String> = []
        for member in members {
            if !known.contains(member.name) {
                let list = known.sorted().joined(separator: ", ")
                self.refuse(member.name, "unknown member \"\(member.name.clippedForShow)\"; there is \(list)")
            } else if !seen.insert(member.name).inserted {
                self.refuse(member.name, "\(member.name) is there twice")
            }
        }
    }

    /// Notes a problem at a member.
    mutating func refuse(_ pointer: String, _ detail: String) {
        self.problems.append(Problem.Cause(detail: detail, pointer: "#/\(Problem.Cause.escaped(pointer))"))
    }

    /// - Throws: everything that was found wrong.
    func validate() throws(Problem) {
        if !self.problems.isEmpty { throw .badBody(self.problems) }
    }

    /// The value of a member; a `null` is as if it were not there.
    private func value(_ name: String) -> JSONValue? {
        self.members.first { $0.name == name }.flatMap { $0.value == .null ? nil : $0.value }
    }

    func isMissing(_ name: String) -> Bool { self.value(name) == nil }

    /// A text of 1 to `maxBytes` bytes on one line.
    mutating func text(_ name: String, maxBytes: Int = 512, isRequired: Bool = false) -> String? {
        guard let value = self.value(name) else {
            if isRequired { self.refuse(name, "\(name) is missing") }
            return nil
        }
        guard let text = value.stringValue, (1...maxBytes).contains(text.utf8.count), Self.isLine(text) else {
            self.refuse(name, "\(name) must be a text of 1 to \(maxBytes) bytes on one line")
            return nil
        }
        return text
    }

    mutating func flag(_ name: String) -> Bool? {
        guard let value = self.value(name) else { return nil }
        if case .bool(let flag) = value { return flag }
        self.refuse(name, "\(name) must be true or false")
        return nil
    }

    mutating func number(_ name: String, in range: ClosedRange<Int>) -> Int? {
        guard let value = self.value(name) else { return nil }
        if let number = value.intValue, range.contains(number) { return number }
        self.refuse(name, "\(name) must be one whole number from \(range.lowerBound) to \(range.upperBound)")
        return nil
    }

    /// A time of RFC 3339.
    mutating func time(_ name: String) -> Timestamp? {
        guard let value = self.value(name) else { return nil }
        if let time = value.stringValue.flatMap({ Timestamp(rfc3339: $0) }) { return time }
        self.refuse(name, "\(name) must be a time such as 2026-11-21T18:00:00Z")
        return nil
    }

    /// One of the words.
    mutating func word<Word: RawRepresentable & CaseIterable>(_ name: String, _ type: Word.Type) -> Word?
    where Word.RawValue == String {
        guard let value = self.value(name) else { return nil }
        if let word = value.stringValue.flatMap(Word.init(rawValue:)) { return word }
        self.refuse(name, "\(name) must be one of \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
        return nil
    }

    /// A list of conditions such as `severity="HIGH"`.
    mutating func matchers(_ name: String) -> [LabelMatcher] {
        guard let value = self.value(name) else {
            self.refuse(name, "\(name) is missing")
            return []
        }
        guard let elements = value.arrayValue, (1...50).contains(elements.count) else {
            self.refuse(name, "\(name) must be a list of 1 to 50 conditions such as severity=\"HIGH\"")
            return []
        }
        var matchers: [LabelMatcher] = []
        for (index, element) in elements.enumerated() {
            let place = "\(name)/\(index)"
            guard let text = element.stringValue, text.utf8.count <= 1_024 else {
                self.problems.append(
                    Problem.Cause(detail: "a condition is a text of at most 1024 bytes", pointer: "#/\(place)")
                )
                continue
            }
            do {
                matchers.append(try LabelMatcher.read(text))
            } catch {
                self.problems.append(
                    Problem.Cause(detail: "\"\(text.clippedForShow)\": \(error)", pointer: "#/\(place)")
                )
            }
        }
        return matchers
    }

    private static func isLine(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F && !(0x80..<0xA0).contains($0.value) }
    }
}

extension String {
    /// What a message quotes of a text that somebody sent.
    var clippedForShow: String { self.utf8.count <= 80 ? self : String(self.prefix(79)) + "…" }
}

extension Timestamp {
    /// From 1970 to the end of the year 9998, so that it has four digits in every offset.
    private static let writable: Range<Int64> = 0..<253_370_764_800_000_000

    /// A time of RFC 3339 with its offset, from 1970 to 9998; nil for anything else.
    init?(rfc3339 text: String) {
        guard text.utf8.count <= 40, let reading = Timestamp.parse(iso8601: text), reading.hasOffset,
            Self.writable.contains(reading.timestamp.microseconds)
        else { return nil }
        self = reading.timestamp
    }
}
