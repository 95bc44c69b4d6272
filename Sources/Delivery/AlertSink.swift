package import Events
package import Reactions

/// Sends notifications to one receiver, one attempt at a time. When to try again is not decided here.
package protocol AlertSink: Sendable {
    /// The receiver's name.
    var name: String { get }
    var kind: ReceiverKind { get }

    /// One attempt. Nothing is kept between attempts, so any replica can make the next one.
    /// - Parameter now: the time of this attempt.
    /// - Throws: only when the task is cancelled; then nobody knows whether the receiver was told.
    func attempt(_ notification: AlertNotification, at now: Timestamp) async throws(CancellationError) -> AttemptOutcome
}
