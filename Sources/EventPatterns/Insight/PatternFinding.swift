/// Something about rules that is allowed but probably not meant.
package struct PatternFinding: Sendable, Hashable {
    /// What was found. The raw values are stable.
    package enum Code: String, Sendable, CaseIterable {
        /// No event can match.
        case neverMatches = "P101"
        /// An alternative accepts nothing that another one of the same field does not accept.
        case redundantAlternative = "P102"
        /// A branch of `$or` accepts nothing that another branch does not accept.
        case redundantBranch = "P103"
        /// Two rules accept the same events.
        case duplicate = "P104"
        /// A rule accepts only events that another one accepts too.
        case shadowed = "P105"
        /// A type that nobody is known to publish is one edit away from one that is known.
        case similarType = "P106"
        /// Rules publish what makes them publish again, in a circle.
        case publishLoop = "P107"
        /// A pattern costs more than patterns usually do.
        case costly = "P108"
        /// A rule publishes what it listens to.
        case publishesToItself = "P109"
    }

    package var code: Code
    package var message: String
    /// Where in the pattern, if it is about one place.
    package var mark: PatternMark?
    /// The rule that it is about, by its index, and the other one if there is one.
    package var rule: Int?
    package var otherRule: Int?
    /// Which of the types that the rule publishes begins a loop.
    package var publication: Int?
    /// The type of `on` that is probably misspelt, and the known one.
    package var type: String?
    package var suggestion: String?

    package init(
        _ code: Code,
        _ message: String,
        mark: PatternMark? = nil,
        rule: Int? = nil,
        otherRule: Int? = nil,
        publication: Int? = nil
    ) {
        self.code = code
        self.message = message
        self.mark = mark
        self.rule = rule
        self.otherRule = otherRule
        self.publication = publication
    }
}

/// A rule as the analysis sees it.
package struct AnalyzedRule: Sendable {
    package var name: String
    package var on: [TypePattern]
    package var match: EventPattern?
    /// The types of the events that it publishes to the channel the rules listen to.
    package var publishes: [String]
    /// What it does about an event; equal texts stand for equal actions.
    package var does: String
    /// One that is switched off takes part in no loop.
    package var isEnabled: Bool
    /// Whether to look for others that accept the same events.
    package var isCompared: Bool

    package init(
        name: String,
        on: [TypePattern],
        match: EventPattern? = nil,
        publishes: [String] = [],
        does: String = "",
        isEnabled: Bool = true,
        isCompared: Bool = true
    ) {
        self.name = name
        self.on = on
        self.match = match
        self.publishes = publishes
        self.does = does
        self.isEnabled = isEnabled
        self.isCompared = isCompared
    }
}
