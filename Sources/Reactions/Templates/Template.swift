package import Events

/// PLACEHOLDER: the owner of Reactions replaces this file.
package struct Template: Sendable {
    package init(_ source: String) throws {}
}

/// PLACEHOLDER.
package indirect enum TemplateTree: Sendable {
    case literal(JSONValue)
    case text(Template)
    case array([TemplateTree])
    case object([(name: String, value: TemplateTree)])
}
