package import Reactions

/// Something that is not as a scenario expects.
package struct ScenarioFailure: Sendable, Hashable {
    package enum Line: Sendable, Hashable {
        case same(String)
        case expected(String)
        case got(String)

        /// As it is printed without colours.
        package var text: String {
            switch self {
            case .same(let text): "  " + text
            case .expected(let text): "- " + text
            case .got(let text): "+ " + text
            }
        }
    }

    /// Where the expectation stands.
    package var location: SourceLocation
    /// When it was looked at, since the beginning.
    package var at: Duration
    package var summary: String
    package var lines: [Line]

    package init(location: SourceLocation, at: Duration, summary: String, lines: [Line]) {
        self.location = location
        self.at = at
        self.summary = summary
        self.lines = lines
    }
}

/// How a scenario ended.
package struct ScenarioResult: Sendable, Hashable {
    package var name: String
    package var location: SourceLocation
    /// Empty when all was as expected.
    package var failures: [ScenarioFailure]
    /// The time that passed in the scenario.
    package var length: Duration
    /// The time that it took; given by whoever ran it.
    package var elapsed: Duration = .zero
    /// How often the clock was stopped because something was due.
    package var wakes: Int
    /// Messages that arrived, those that the handlers themselves published included.
    package var frames: Int

    package init(
        name: String,
        location: SourceLocation,
        failures: [ScenarioFailure],
        length: Duration,
        wakes: Int,
        frames: Int
    ) {
        self.name = name
        self.location = location
        self.failures = failures
        self.length = length
        self.wakes = wakes
        self.frames = frames
    }

    package var hasPassed: Bool { self.failures.isEmpty }
}
