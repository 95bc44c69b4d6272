package import EventPatterns
package import Events
package import Reactions

/// What handlers are to do when certain things happen at certain times, as a file tells it.
package struct Scenario: Sendable {
    package var name: String
    package var location: SourceLocation
    /// The handlers that take part, in the order of their files.
    package var handlers: [HandlerDefinition]
    package var settings: ReactorConfiguration
    /// The time at which it begins.
    package var start: Timestamp
    /// What random numbers come from: the pauses between attempts vary, the same way each time.
    package var seed: UInt64
    package var steps: [ScenarioStep]

    /// Whether the reactor hears what is published to a channel; nil stands for its own one.
    package func hears(_ channel: String?) -> Bool { self.settings.sources.hear(channel) }
}

/// Something that happens at a time, and what is expected then.
package struct ScenarioStep: Sendable {
    /// Since the beginning.
    package var at: Duration
    package var actions: [ScenarioAction]
    package var expectations: [ScenarioExpectation]
    package var location: SourceLocation

    package init(
        at: Duration,
        actions: [ScenarioAction],
        expectations: [ScenarioExpectation],
        location: SourceLocation
    ) {
        self.at = at
        self.actions = actions
        self.expectations = expectations
        self.location = location
    }
}

package enum ScenarioAction: Sendable {
    /// Events that arrive, each so often, with a pause in between.
    case events([ScenarioEvent], times: Int, every: Duration)
    /// What a receiver answers from now on; the last answer is given again and again.
    case script(receiver: String, answers: [ScriptedAnswer])
    case silence(ScenarioSilence)
    /// The reactor hears nothing for a while: what arrives meanwhile is lost, and it knows.
    case blind(Duration)
}

/// Something that arrives on the channel.
package enum ScenarioEvent: Sendable, Hashable {
    /// The members of an envelope; one without a time gets that of its arrival. In texts, `{{n}}` is the number of the
    /// repetition, from 1, and `{{now}}` the time.
    case envelope(JSONValue)
    /// Bytes as they are, whatever they are.
    case raw([UInt8])

    /// What stands for the number of the repetition.
    package static let numberMark = "{{n}}"
    /// What stands for the time of arrival.
    package static let timeMark = "{{now}}"
}

/// What a receiver does with a message.
package enum ScriptedAnswer: Sendable, Hashable {
    /// An HTTP status; `retryAfter` is the header of that name.
    case status(Int, retryAfter: Duration?)
    /// It takes the message, of whatever kind it is.
    case taken
    /// It does not answer in time.
    case timeout
    /// Nobody listens there.
    case refused
}

package struct ScenarioSilence: Sendable, Hashable {
    /// Its id.
    package var name: String
    package var matchers: [LabelMatcher]
    package var length: Duration
    package var reason: String
    /// Whether it ends when the alerts that it hides are over.
    package var endsOnResolve: Bool
}

/// What is expected of one subject.
package struct ScenarioExpectation: Sendable {
    package var subject: ScenarioSubject
    /// Empty when nothing is expected to have happened.
    package var items: [ExpectedItem]
    package var location: SourceLocation

    package init(subject: ScenarioSubject, items: [ExpectedItem], location: SourceLocation) {
        self.subject = subject
        self.items = items
        self.location = location
    }
}

/// One thing that is expected: only the fields that are named are compared.
package struct ExpectedItem: Sendable {
    package var fields: [ExpectedField]
    /// How many such things there are to be.
    package var times: Int
    package var location: SourceLocation

    package init(fields: [ExpectedField], times: Int, location: SourceLocation) {
        self.fields = fields
        self.times = times
        self.location = location
    }
}

package struct ExpectedField: Sendable {
    package enum Test: Sendable {
        /// Over an object that has the field.
        case pattern(EventPattern)
        /// The whole value, neither more nor less; the order of members does not count.
        case exact(JSONValue)
    }

    package var name: String
    /// The member of what happened that is compared; another one than `name` for `exact_payload`.
    package var member: String
    package var test: Test
    /// The text that is wanted, where it is a single one.
    package var literal: String?
    /// As it was written, in one line.
    package var written: String
    package var location: SourceLocation

    package init(
        name: String,
        member: String,
        test: Test,
        literal: String? = nil,
        written: String,
        location: SourceLocation
    ) {
        self.name = name
        self.member = member
        self.test = test
        self.literal = literal
        self.written = written
        self.location = location
    }
}
