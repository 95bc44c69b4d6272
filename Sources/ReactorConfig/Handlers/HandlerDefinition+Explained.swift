package import EventPatterns
package import Reactions

extension RuleExplainer.Rule {
    /// A handler as an explanation speaks of it.
    package init(_ definition: HandlerDefinition) {
        self.init(
            name: definition.name,
            RuleSpecification(on: definition.on, match: definition.match, priority: definition.priority),
            isEnabled: definition.enabled,
            location: definition.location?.description
        )
    }
}
