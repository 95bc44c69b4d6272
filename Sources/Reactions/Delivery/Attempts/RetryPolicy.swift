/// When a delivery that failed is tried again.
package struct RetryPolicy: Sendable, Hashable {
    /// The pause behind the first attempt that fails, behind the second, and so on; behind the last one it is given up.
    package var pauses: [Duration]
    /// How much a pause varies, as a part of it: 0.2 makes 8 to 12 s of 10 s. Receivers that come back are not met by
    /// all deliveries at once.
    package var jitter: Double
    /// What a receiver says about when to come back is believed up to this.
    package var longestRetryAfter: Duration

    package init(pauses: [Duration], jitter: Double = 0.2, longestRetryAfter: Duration = .seconds(86_400)) {
        self.pauses = pauses
        self.jitter = jitter
        self.longestRetryAfter = longestRetryAfter
    }

    package var maxAttempts: Int { self.pauses.count + 1 }

    /// The pause behind an attempt that failed; nil when there is to be none behind it.
    /// - Parameter failure: which one it was, from 1.
    package func pause(
        afterFailure failure: Int,
        retryAfter: Duration? = nil,
        slowDown: Bool = false,
        using random: inout some RandomNumberGenerator
    ) -> Duration? {
        guard failure >= 1, failure <= self.pauses.count else { return nil }
        let spread = 1 + self.jitter * Double.random(in: -1...1, using: &random)
        let pause = self.pauses[failure - 1] * (spread * (slowDown && retryAfter == nil ? 2 : 1))
        guard let retryAfter else { return pause }
        // Never sooner than the receiver asks. The jitter is added, for it asks everybody for the same time.
        let asked = min(retryAfter, self.longestRetryAfter)
        return max(pause, asked + min(asked, .seconds(10)) * (self.jitter * Double.random(in: 0...1, using: &random)))
    }
}

extension RetryPolicy {
    /// The schedule of Standard Webhooks: ten attempts in 75 hours and 35 minutes.
    package static let webhook = RetryPolicy(
        pauses: [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400].map { .seconds($0) }
    )
    /// For services that people read at once: what is an hour late is still told, what is a day late is not.
    package static let service = RetryPolicy(
        pauses: [1, 5, 15, 60, 300, 900, 1_800, 3_600, 7_200].map { .seconds($0) }
    )
    /// For programs and files on this machine.
    package static let local = RetryPolicy(pauses: [1, 10, 60, 600].map { .seconds($0) })
}

/// The kinds of receivers that there are.
package enum ReceiverKind: String, Sendable, Hashable, CaseIterable {
    case webhook
    case slack
    case pagerDuty = "pagerduty"
    case alertmanager
    case publish
    case exec
    case file
    case log

    package var retryPolicy: RetryPolicy {
        switch self {
        case .webhook: .webhook
        case .slack, .pagerDuty, .alertmanager, .publish: .service
        case .exec, .file, .log: .local
        }
    }
}
