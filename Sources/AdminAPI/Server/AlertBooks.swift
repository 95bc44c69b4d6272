package import Events
package import Reactions
package import ReactorRuntime

/// What the admin interface asks about alerts, beside the reactor itself. What is nil does not exist in this reactor, and
/// questions for it are answered with 503.
package struct AlertBooks: Sendable {
    /// Decisions that were made.
    package var state: (any StateStore)?
    /// The same decisions and older ones; those of `state` when nil.
    package var receipts: (any ReceiptBook)?
    /// What happened to runs.
    package var history: (any HistoryStore)?
    package var silences: (any SilenceBook)?
    package var deliveries: (any DeliveryBook)?
    /// Tells receivers of made-up alerts.
    package var tester: (any ReceiverTester)?
    /// Takes what is told of runs, and knows workers.
    package var runs: (any RunBook)?
    /// The settings in force; a reload changes them.
    package var settings: @Sendable () -> AlertSettings
    package var now: @Sendable () -> Timestamp

    package init(
        settings: @escaping @Sendable () -> AlertSettings = { AlertSettings() },
        now: @escaping @Sendable () -> Timestamp = PipelineClock.system.wall
    ) {
        self.settings = settings
        self.now = now
    }
}
