package import EventPatterns
package import Events
package import Reactions

/// A handler as the pipeline runs it, declared in YAML or registered by an embedding program.
package struct HandlerEntry: Sendable {
    package typealias InlineBody = @Sendable (borrowing InlineEvent) throws -> Void

    package enum Body: Sendable {
        /// From a file: pure, runs inline on the event loop.
        case declared(CompiledHandler)
        /// A built-in that remembers: its events go to the machine of that number, beside the event loop.
        case machine(Int)
        /// A closure of the embedding program that may wait: runs in the lanes of that number, beside the event loop.
        case lane(Int)
        /// A closure that promises not to wait: runs inline on the event loop.
        case inline(InlineBody)
    }

    package var name: String
    package var on: [TypePattern]
    package var match: EventPattern?
    /// Event types that end what its alerts are about, whatever else is in the event.
    package var resolveOn: [TypePattern] = []
    package var priority: Int
    package var enabled: Bool
    /// What it does, for people: `rule: alert, publish`.
    package var does: String
    package var location: String?
    package var body: Body

    package init(
        name: String,
        on: [TypePattern],
        match: EventPattern? = nil,
        priority: Int = 0,
        enabled: Bool = true,
        does: String,
        location: String? = nil,
        body: Body
    ) {
        self.name = name
        self.on = on
        self.match = match
        self.priority = priority
        self.enabled = enabled
        self.does = does
        self.location = location
        self.body = body
    }
}

/// An event as an inline handler sees it: a view of the receive buffer that is gone when the handler returns.
public struct InlineEvent: ~Copyable {
    package let envelope: Envelope

    package init(_ envelope: Envelope) {
        self.envelope = envelope
    }

    /// The type, for example `run.failed`.
    public var eventType: String { self.envelope.eventType.string }

    /// The run the event belongs to; empty when it names none.
    public var runID: String { self.envelope.runID.string }

    /// Calls `body` with the JSON text of the payload, without a copy.
    public func withPayload<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(self.envelope.payload.buffer))
    }
}
