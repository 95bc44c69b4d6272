/// How much an outbox keeps, and for how long.
package struct OutboxBounds: Sendable, Hashable {
    /// How long a claim holds without being renewed.
    package var lease: Duration = .seconds(10)
    /// A notice that was taken and not planned within this falls to the next planner. Planning takes milliseconds, and what
    /// is planned twice is written once.
    package var planningTime: Duration = .seconds(2)
    /// Deliveries of one receiver that are not finished. Those beyond go to the dead letters at once.
    package var waitingPerReceiver = 50_000
    package var deadLetters = 10_000
    /// Deliveries that arrived are remembered so long, and at most so many of them.
    package var memory: Duration = .seconds(7 * 86_400)
    package var remembered = 20_000

    package init() {}
}
