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
        /// A type that nobody knows is one edit away from one that is known.
        case similarType = "P106"
        /// Rules publish what makes them publish again.
        case publishLoop = "P107"
        /// A pattern costs more than patterns usually do.
        case costly = "P108"
    }

    package var code: Code
    package var message: String
    /// Where in the pattern, if it is about one place.
    package var mark: PatternMark?
    /// The rule that it is about, by its index, and the other one if there is one.
    package var rule: Int?
    package var otherRule: Int?

    package init(
        _ code: Code,
        _ message: String,
        mark: PatternMark? = nil,
        rule: Int? = nil,
        otherRule: Int? = nil
    ) {
        self.code = code
        self.message = message
        self.mark = mark
        self.rule = rule
        self.otherRule = otherRule
    }
}

/// A rule as the analysis sees it.
package struct AnalyzedRule: Sendable {
    package var name: String
    package var on: [TypePattern]
    package var match: EventPattern?
    /// The types of the events that it publishes to the channel the rules listen to.
    package var publishes: [String]

    package init(name: String, on: [TypePattern], match: EventPattern? = nil, publishes: [String] = []) {
        self.name = name
        self.on = on
        self.match = match
        self.publishes = publishes
    }
}
