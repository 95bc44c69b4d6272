import Events
import Mustache

/// A Mustache template over a group of alerts: `{{severity}} {{type}}{{#alerts}} {{run_id}}{{/alerts}}`.
///
/// The same language and bounds as the templates of handlers; the names are those of the group and of its first alert.
package struct AlertTemplate: Sendable {
    /// The names that a template may begin with.
    static let names = [
        "status", "reason", "receiver", "count", "firing", "resolved", "group_labels", "common_labels", "alerts",
        "type",
        "severity", "domain", "tenant_id", "run_id", "key", "summary", "details", "handler", "labels",
    ]

    /// The text it was compiled from.
    package let source: String
    private let template: MustacheTemplate

    /// Throws for a template that cannot be compiled, or that uses a name no group of alerts has.
    package init(_ source: String) throws(TemplateError) {
        guard source.utf8.count <= Template.maxSourceBytes else {
            throw TemplateError(message: "longer than \(Template.maxSourceBytes) bytes", line: 1, column: 1)
        }
        self.source = source
        var scanner = TemplateScanner(source, names: Self.names, owner: "an alert")
        _ = try scanner.scan()
        self.template = try Template.compile(source)
    }

    /// The text for a group, nil when it would be longer than `limit` bytes.
    func render(_ values: JSONValue, limit: Int) -> String? {
        let budget = RenderBudget(bytes: limit, turn: self.source.utf8.count)
        let text = self.template.render(MustacheLeaf(value: values, budget: budget))
        return text.utf8.count <= limit && !budget.isExceeded ? text : nil
    }
}

/// The templates of one receiver's messages. What cannot be used is told in the message, which then has the plain
/// words: an alert is never lost to a template.
package struct MessageTemplates: Sendable {
    private let title: Result<AlertTemplate, TemplateError>?
    private let body: Result<AlertTemplate, TemplateError>?

    /// - Parameters: nil for the plain words.
    package init(title: String? = nil, body: String? = nil) {
        self.title = title.map(Self.compile)
        self.body = body.map(Self.compile)
    }

    /// Why templates cannot be used at all, for whoever checks a configuration: `title`, `body`.
    package var errors: [(name: String, error: TemplateError)] {
        [("title", self.title), ("body", self.body)].compactMap { name, template in
            guard case .failure(let error) = template else { return nil }
            return (name, error)
        }
    }

    package func message(for group: AlertGroup, receiver: String) -> AlertMessage {
        var message = AlertMessage.plain(group)
        guard self.title != nil || self.body != nil else { return message }
        let values = AlertPayload.templateValues(group, receiver: receiver)
        if let title = self.title {
            let text = Self.text(title, values, AlertMessage.maxTitleBytes, "title", &message.notes)
            if let text { message.title = text.onOneLine }
        }
        if let body = self.body {
            let text = Self.text(body, values, AlertMessage.maxBodyBytes, "body", &message.notes)
            if let text { message.body = text }
        }
        return message
    }

    private static func compile(_ source: String) -> Result<AlertTemplate, TemplateError> {
        Result { () throws(TemplateError) in try AlertTemplate(source) }
    }

    private static func text(
        _ template: Result<AlertTemplate, TemplateError>,
        _ values: JSONValue,
        _ limit: Int,
        _ name: String,
        _ notes: inout [String]
    ) -> String? {
        switch template {
        case .failure(let error):
            notes.append("the template of the \(name) cannot be used, \(error)")
        case .success(let template):
            guard let text = template.render(values, limit: limit) else {
                notes.append("the template of the \(name) gives more than \(limit) bytes")
                return nil
            }
            if !text.trimmingBlanks.isEmpty { return text }
            notes.append("the template of the \(name) gives no text")
        }
        return nil
    }
}
