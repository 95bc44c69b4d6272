import Events
import Reactions

/// The numbers that the script answers and writes into its receipts, in their order there.
struct DecisionNumbers {
    let outcome: DecisionScript.Outcome
    let now: Int64
    let count: Int
    let window: Int64?
    let nextAllowed: Int64?
    let remaining: Int?
    let heldBy: Severity?
    let heldAt: Int64
    let limit: Int
    let mode: DecisionScript.Mode

    /// - Returns: nil for a text that no version of the script has written.
    init?(_ text: String) {
        let parts = text.split(separator: " ").compactMap { Int64($0) }
        guard parts.count == 10, let outcome = DecisionScript.Outcome(rawValue: Int(parts[0])),
            let mode = DecisionScript.Mode(rawValue: Int(parts[9]))
        else { return nil }
        self.outcome = outcome
        self.now = parts[1]
        self.count = Int(parts[2])
        self.window = parts[3] < 0 ? nil : parts[3]
        self.nextAllowed = parts[4] < 0 ? nil : parts[4]
        self.remaining = parts[5] < 0 ? nil : Int(parts[5])
        self.heldBy = Severity.allCases.first { $0.rank == Int(parts[6]) }
        self.heldAt = parts[7]
        self.limit = Int(parts[8])
        self.mode = mode
    }

    private var verdict: Verdict {
        switch self.outcome {
        case .sent: .sent
        case .duplicate: .duplicate
        case .cooldown: .cooldown
        case .tenantLimit: .tenantRateLimit
        case .unchecked: .fatigueDisabled
        case .noRoute: .noRoute
        }
    }

    private func ground(domain: String) -> DecisionGround {
        switch self.outcome {
        case .sent: .withinLimit
        case .duplicate: .duplicate(age: self.now - self.heldAt)
        case .cooldown: .cooldown(domain: domain, age: self.now - self.heldAt, severity: self.heldBy ?? .low)
        case .tenantLimit: .tenantLimit
        case .unchecked: self.mode == .sentBefore ? .storeAway : .unchecked(isForTenant: self.mode == .offForTenant)
        case .noRoute: .noRoute
        }
    }

    func receipt(
        alertID: String,
        fingerprint: String,
        domain: String,
        heldBackBy: String,
        heldFingerprint: String,
        handler: String,
        configVersion: String,
        instance: String
    ) -> Receipt {
        Receipt(
            alertID: alertID,
            fingerprint: fingerprint,
            verdict: self.verdict,
            ground: self.ground(domain: domain),
            window: self.window.map { .microseconds($0) },
            count: self.count,
            limit: self.limit,
            nextAllowedAt: self.nextAllowed.map { Timestamp(microseconds: $0) },
            remainingInWindow: self.remaining,
            heldBackBy: heldBackBy.isEmpty ? nil : heldBackBy,
            isRepetition: !heldBackBy.isEmpty && heldFingerprint == fingerprint,
            handler: handler,
            configVersion: configVersion,
            instance: instance,
            decidedAt: Timestamp(microseconds: self.now)
        )
    }
}
