package import Events

/// A JSON value whose strings are templates: what a `publish` action sends.
package indirect enum TemplateTree: Sendable {
    /// Stays as it is for every event.
    case literal(JSONValue)
    /// A leaf of exactly one tag, as `"{{payload.cost_usd}}"`, keeps the JSON type of the value.
    case text(Template)
    case array([TemplateTree])
    case object([(name: String, value: TemplateTree)])

    /// Compiles every string of a value. Throws for the first one that is not a template, with the way to it.
    package init(_ value: JSONValue) throws(TemplateTreeError) {
        self = try Self.compile(value, path: [])
    }

    /// Whether it is the same for every event.
    package var isStatic: Bool {
        switch self {
        case .literal: true
        case .text(let template): template.isStatic
        case .array(let elements): elements.allSatisfy(\.isStatic)
        case .object(let members): members.allSatisfy { $0.value.isStatic }
        }
    }

    /// The value for an event. Throws when the payload cannot be read.
    package func render(_ context: inout TemplateContext) throws(ReactionError) -> JSONValue {
        switch self {
        case .literal(let value):
            return value
        case .text(let template):
            return try template.value(&context)
        case .array(let elements):
            var rendered: [JSONValue] = []
            rendered.reserveCapacity(elements.count)
            for element in elements { rendered.append(try element.render(&context)) }
            return .array(rendered)
        case .object(let members):
            var rendered: [JSONMember] = []
            rendered.reserveCapacity(members.count)
            for member in members { rendered.append(JSONMember(member.name, try member.value.render(&context))) }
            return .object(rendered)
        }
    }

    private static func compile(_ value: JSONValue, path: [String]) throws(TemplateTreeError) -> TemplateTree {
        switch value {
        case .null, .bool, .number:
            return .literal(value)
        case .string(let source):
            do {
                return .text(try Template(source))
            } catch {
                throw TemplateTreeError(path: path, error: error)
            }
        case .array(let elements):
            var compiled: [TemplateTree] = []
            for (index, element) in elements.enumerated() {
                compiled.append(try Self.compile(element, path: path + [String(index)]))
            }
            return .array(compiled)
        case .object(let members):
            var compiled: [(name: String, value: TemplateTree)] = []
            for member in members {
                compiled.append((member.name, try Self.compile(member.value, path: path + [member.name])))
            }
            return .object(compiled)
        }
    }
}

/// A string of a template tree that is not a template.
package struct TemplateTreeError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Member names and indices from the root of the tree.
    package var path: [String]
    package var error: TemplateError

    package init(path: [String], error: TemplateError) {
        self.path = path
        self.error = error
    }

    package var description: String { "\(self.path.joined(separator: ".")): \(self.error)" }
}
