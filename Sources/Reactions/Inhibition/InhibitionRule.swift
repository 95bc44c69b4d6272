/// While one alert stands, others need not be told: a runner that is down explains the runs on it that are stale.
///
/// An alert that matches both sides does not inhibit itself. A label that is missing equals one that is empty.
package struct InhibitionRule: Sendable, Hashable {
    /// Unique among the rules; by default its place in the list, from 1.
    package var name: String
    package var source: [LabelMatcher]
    package var target: [LabelMatcher]
    /// Labels whose values must be the same on both sides.
    package var equal: [String]
    /// How long a source that nothing resolves counts as standing, from when it was raised last.
    package var holdsFor: Duration

    /// Alertmanager's `resolve_timeout`.
    package static let defaultHold = Duration.seconds(300)

    package init(
        name: String,
        source: [LabelMatcher],
        target: [LabelMatcher],
        equal: [String] = [],
        holdsFor: Duration = InhibitionRule.defaultHold
    ) {
        self.name = name
        self.source = source
        self.target = target
        self.equal = equal
        self.holdsFor = holdsFor
    }
}
