/// One rule for the matcher: which types it listens to, what else the event must be, and where it stands in the order.
package struct RuleSpecification: Sendable {
    /// Event types; any of them. A rule that lists none never accepts anything.
    package var on: [TypePattern]
    /// Nil accepts every event of those types.
    package var match: EventPattern?
    /// Higher first. Among equals exact types come before wildcards, then the order of the rules as they were given.
    package var priority: Int

    package init(on: [TypePattern], match: EventPattern? = nil, priority: Int = 0) {
        self.on = on
        self.match = match
        self.priority = priority
    }
}
