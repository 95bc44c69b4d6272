/// Tells receivers of a made-up alert, past all decisions, groups and queues: one attempt each.
package protocol ReceiverTester: Sendable {
    /// - Parameter receivers: names; one that is unknown has failed.
    /// - Returns: one for each name, in their order.
    func tell(_ receivers: [String], of notice: AlertNotice) async -> [ReceiverTest]
}

/// What came of telling one receiver of a made-up alert.
package struct ReceiverTest: Sendable, Hashable {
    package var receiver: String
    /// Nil for a receiver that there is not.
    package var kind: ReceiverKind?
    package var outcome: AttemptOutcome
    package var elapsed: Duration

    package init(receiver: String, kind: ReceiverKind?, outcome: AttemptOutcome, elapsed: Duration) {
        self.receiver = receiver
        self.kind = kind
        self.outcome = outcome
        self.elapsed = elapsed
    }
}
