package import Events
import Mustache

/// A Mustache template over an event, compiled once: `Run {{payload.run_id}} has cost {{payload.cost_usd}} USD`.
///
/// Text is never escaped for HTML, numbers keep the digits they came with, what the event does not have is rendered as
/// nothing and noted in the context. The output is bounded.
package struct Template: Sendable, CustomStringConvertible {
    /// Bytes that a template may have.
    package static let maxSourceBytes = 16 * 1024
    /// Bytes that a rendering may have.
    package static let maxOutputBytes = 64 * 1024

    private enum Program: Sendable {
        case text(String)
        case pieces([TemplateScanner.Piece])
        case sections(MustacheTemplate)
    }

    /// The text it was compiled from.
    package let source: String
    private let program: Program

    /// Throws for a template that cannot be compiled, or that uses a name no event has.
    package init(_ source: String) throws(TemplateError) {
        guard source.utf8.count <= Self.maxSourceBytes else {
            throw TemplateError(message: "longer than \(Self.maxSourceBytes) bytes", line: 1, column: 1)
        }
        self.source = source
        var scanner = TemplateScanner(source)
        let pieces = try scanner.scan()
        let compiled = try Self.compile(source)
        switch pieces {
        case nil: self.program = .sections(compiled)
        case .some(let pieces) where pieces.isEmpty: self.program = .text("")
        case .some(let pieces):
            if pieces.count == 1, case .text(let text) = pieces[0] {
                self.program = .text(text)
            } else {
                self.program = .pieces(pieces)
            }
        }
    }

    package var description: String { self.source }

    /// Whether it renders to the same text for every event.
    package var isStatic: Bool {
        if case .text = self.program { return true }
        return false
    }

    /// The name that the template consists of, if it is exactly one tag and nothing else.
    package var soleValue: ValuePath? {
        guard case .pieces(let pieces) = self.program, pieces.count == 1, case .value(let path) = pieces[0] else {
            return nil
        }
        return path
    }

    /// The text for an event, cut at `limit` bytes. Throws when the payload cannot be read.
    package func render(
        _ context: inout TemplateContext,
        limit: Int = Template.maxOutputBytes
    ) throws(ReactionError) -> String {
        switch self.program {
        case .text(let text):
            return Self.cut(text, limit, &context)
        case .pieces(let pieces):
            var text = ""
            for piece in pieces where text.utf8.count <= limit {
                try Self.append(piece, to: &text, &context)
            }
            return Self.cut(text, limit, &context)
        case .sections(let template):
            return try self.render(template, &context, limit)
        }
    }

    /// Like `render`, but a template of exactly one tag gives the value with its own JSON type.
    package func value(_ context: inout TemplateContext) throws(ReactionError) -> JSONValue {
        guard let path = self.soleValue else { return .string(try self.render(&context)) }
        guard let value = try context.value(at: path) else {
            context.noteMissing(path)
            return .null
        }
        return value
    }

    private static func append(
        _ piece: TemplateScanner.Piece,
        to text: inout String,
        _ context: inout TemplateContext
    ) throws(ReactionError) {
        switch piece {
        case .text(let literal):
            text += literal
        case .value(let path):
            if let value = try context.value(at: path) {
                text += value.templateText
            } else {
                context.noteMissing(path)
            }
        }
    }

    private static func cut(_ text: String, _ limit: Int, _ context: inout TemplateContext) -> String {
        guard text.utf8.count > limit else { return text }
        context.noteTruncation()
        return text.clipped(toBytes: limit)
    }

    private func render(
        _ template: MustacheTemplate,
        _ context: inout TemplateContext,
        _ limit: Int
    ) throws(ReactionError) -> String {
        let budget = RenderBudget(bytes: limit, turn: self.source.utf8.count)
        var fields: [EnvelopeField: JSONValue] = [:]
        for field in EnvelopeField.allCases where field != .payload {
            fields[field] = try context.value(at: ValuePath(field))
        }
        fields[.payload] = try context.payloadValue()
        let text = template.render(MustacheEvent(fields: fields, budget: budget))
        guard text.utf8.count <= limit, !budget.isExceeded else {
            context.noteTruncation()
            return text.clipped(toBytes: limit)
        }
        return text
    }

    /// swift-mustache escapes for HTML unless a pragma says otherwise; a pragma on a line of its own leaves the rest
    /// of the text as it is.
    static func compile(_ source: String) throws(TemplateError) -> MustacheTemplate {
        do {
            return try MustacheTemplate(string: "{{% CONTENT_TYPE:TEXT}}\n" + source)
        } catch let error as MustacheTemplate.ParserError {
            let line = max(1, error.context.lineNumber - 1)
            throw TemplateError(message: Self.message(of: error.error), line: line, column: error.context.columnNumber)
        } catch {
            throw TemplateError(message: "\(error)", line: 1, column: 1)
        }
    }

    private static func message(of error: any Error) -> String {
        switch error as? MustacheTemplate.Error {
        case .sectionCloseNameIncorrect: "this tag closes a section that is not open here"
        case .expectedSectionEnd: "a section is not closed"
        case .unfinishedName: "a name may have letters, digits, and . - _ only, and ends with }}"
        case .none: "the text ends inside a tag"
        case .some(let other): "\(other)"
        }
    }
}
