import Events
import Testing

@testable import AdminAPI

/// Looks whether a value fits a schema of the document, as far as the document uses JSON Schema.
struct SchemaCheck {
    let document: JSONValue
    private(set) var faults: [String] = []

    init() throws {
        self.document = try JSONValue.parse(OpenAPI.document(version: "1"))
    }

    /// What does not fit in the answer of an operation.
    static func faults(
        of answer: JSONValue,
        _ route: AdminRoute,
        _ method: String,
        _ status: Int,
        mediaType: String
    ) throws -> [String] {
        var check = try SchemaCheck()
        guard let operation = check.document[path: ["paths", route.path, method]] else {
            return ["\(method) \(route.path) is not in the document"]
        }
        guard let response = operation["responses"]?[String(status)] else {
            return ["\(method) \(route.path): no \(status) in the document"]
        }
        let resolved = try check.resolve(response)
        guard let schema = resolved[path: ["content", mediaType, "schema"]] else {
            return ["\(method) \(route.path) \(status): no \(mediaType) in the document"]
        }
        try check.check(answer, schema, at: "#")
        return check.faults
    }

    /// What a reference leads to.
    func resolve(_ schema: JSONValue) throws -> JSONValue {
        guard let reference = schema["$ref"]?.stringValue else { return schema }
        let path = reference.split(separator: "/").dropFirst().map(String.init)
        return try #require(self.document[path: path], "\(reference) leads nowhere")
    }

    mutating func check(_ value: JSONValue, _ schema: JSONValue, at place: String) throws {
        let schema = try self.resolve(schema)
        if let words = schema["enum"]?.arrayValue, !words.contains(value) { self.faults.append("\(place): not a word") }
        switch schema["type"]?.stringValue {
        case "object": try self.object(value, schema, at: place)
        case "array":
            guard let elements = value.arrayValue else { return self.faults.append("\(place): no array") }
            for (index, element) in elements.enumerated() {
                try self.check(element, schema["items"] ?? [:], at: "\(place)/\(index)")
            }
        case "string": self.string(value, schema, at: place)
        case "integer":
            guard let number = value.intValue else { return self.faults.append("\(place): no integer") }
            if let least = schema["minimum"]?.intValue, number < least { self.faults.append("\(place): below") }
        case "number":
            if value.doubleValue == nil { self.faults.append("\(place): no number") }
        case "boolean":
            if case .bool = value { return }
            self.faults.append("\(place): no truth value")
        default: break
        }
    }

    private mutating func object(_ value: JSONValue, _ schema: JSONValue, at place: String) throws {
        guard case .object(let members) = value else { return self.faults.append("\(place): no object") }
        for name in schema["required"]?.arrayValue?.compactMap(\.stringValue) ?? []
        where !members.contains(where: { $0.name == name }) {
            self.faults.append("\(place): \(name) is missing")
        }
        for member in members {
            if let schema = schema["properties"]?[member.name] {
                try self.check(member.value, schema, at: "\(place)/\(member.name)")
            } else if let other = schema["additionalProperties"], other != true {
                if other == false {
                    self.faults.append("\(place): \(member.name) is not promised")
                } else {
                    try self.check(member.value, other, at: "\(place)/\(member.name)")
                }
            } else if schema["properties"] != nil {
                self.faults.append("\(place): \(member.name) is not promised")
            }
        }
    }

    private mutating func string(_ value: JSONValue, _ schema: JSONValue, at place: String) {
        guard let text = value.stringValue else { return self.faults.append("\(place): no text") }
        if schema["format"]?.stringValue == "date-time", Timestamp.parse(iso8601: text)?.hasOffset != true {
            self.faults.append("\(place): no time")
        }
    }
}
