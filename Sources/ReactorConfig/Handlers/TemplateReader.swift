internal import Events
internal import Reactions

/// Reads texts that are filled from the event.
struct TemplateReader {
    let context: ReadingContext

    func template(_ node: YAMLNode, of field: String) -> Template? {
        guard let value = self.context.text(node, of: field) else { return nil }
        return self.compile(value, of: field)
    }

    private func compile(_ value: ReadScalar, of field: String) -> Template? {
        do throws(TemplateError) {
            return try Template(value.text)
        } catch {
            // The place inside the text is the file's only while nothing was put in and the text is one line.
            let isExact = error.line == 1 && !value.isInterpolated
            let position =
                isExact
                ? value.scalar.position(at: error.column - 1, in: self.context.source) : value.scalar.position
            self.context.report(.badTemplate, at: position, "the template `\(field)` is not valid: \(error.message)")
            return nil
        }
    }

    /// A text that is the same for every event.
    func literal(_ node: YAMLNode, of field: String) -> String? {
        guard let value = self.context.text(node, of: field) else { return nil }
        guard !value.text.contains("{{") else {
            self.context.report(.badTemplate, at: node, "`\(field)` cannot be a template; write the text itself")
            return nil
        }
        return value.text
    }

    /// A value of any shape whose texts are templates.
    func tree(_ node: YAMLNode, of field: String) -> TemplateTree? {
        switch node {
        case .scalar(let scalar):
            switch self.context.plainValue(scalar) {
            case .text(let value): return self.compile(value, of: field).map(TemplateTree.text)
            case .json(let value): return .literal(value)
            case nil: return nil
            }
        case .sequence(let elements, _):
            return .array(elements.compactMap { self.tree($0, of: field) })
        case .mapping(let members, _):
            return .object(
                members.compactMap { member in
                    self.tree(member.value, of: "\(field).\(member.key)").map { (name: member.key, value: $0) }
                }
            )
        }
    }
}

/// What a scalar is where no field says what it must be.
enum UntypedScalar {
    case text(ReadScalar)
    case json(JSONValue)
}

extension ReadingContext {
    /// By the core schema of YAML 1.2; a value that a variable was put into is always a text. A number in an odd form is
    /// reported and answered all the same, so that what surrounds it can still be checked.
    func plainValue(_ scalar: YAMLScalar) -> UntypedScalar? {
        guard let value = self.interpolate(scalar) else { return nil }
        guard scalar.style == .plain, !value.isInterpolated else { return .text(value) }
        switch CoreScalar(plain: scalar.text) {
        case .text: return .text(value)
        case .null: return .json(.null)
        case .bool(let flag): return .json(.bool(flag))
        case .number(let text): return .json(.number(text))
        case .oddNumber(let plain):
            let message =
                "`\(scalar.text)` is a number that is read in different ways; write \(plain) for the number, "
                + "or \"\(scalar.text)\" for the text"
            self.report(.ambiguousNumber, at: value.node, message)
            return .json(.number(plain))
        case .notFinite:
            let message = "`\(scalar.text)` is a number that no event can hold; write \"\(scalar.text)\" for the text"
            self.report(.ambiguousNumber, at: value.node, message)
            return .text(value)
        }
    }
}
