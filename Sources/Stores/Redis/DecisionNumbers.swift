import Events
import Reactions

/// The numbers that the scripts answer and write into receipts, in their order there.
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
    /// A share of changes in percent, or how many alerts a digest tells of.
    let amount: Int

    /// - Returns: nil for a text that no version of the scripts has written.
    init?(_ text: String) {
        let parts = Self.integers(in: text)
        // The first version had no amount.
        guard parts.count == 10 || parts.count == 11, let outcome = DecisionScript.Outcome(rawValue: Int(parts[0])),
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
        self.amount = parts.count > 10 ? Int(parts[10]) : 0
    }

    /// The whole numbers between single spaces; those that cannot be read are left out.
    private static func integers(in text: String) -> [Int64] {
        var numbers: [Int64] = []
        numbers.reserveCapacity(11)
        var text = text
        text.withUTF8 { bytes in
            for part in bytes.split(separator: UInt8(ascii: " ")) {
                if let number = Self.integer(part) { numbers.append(number) }
            }
        }
        return numbers
    }

    private static func integer(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> Int64? {
        let isNegative = digits.first == UInt8(ascii: "-")
        let digits = isNegative ? digits.dropFirst() : digits
        // More would not fit.
        guard !digits.isEmpty, digits.count <= 18 else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            value = value * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        return isNegative ? -value : value
    }

    private var verdict: Verdict {
        switch self.outcome {
        case .sent, .resolved, .digest, .flappingBegan, .flappingEnded: .sent
        case .duplicate: .duplicate
        case .cooldown: .cooldown
        case .tenantLimit: .tenantRateLimit
        case .unchecked: .fatigueDisabled
        case .noRoute: .noRoute
        case .silenced: .silenced
        case .inhibited: .inhibited
        case .muted: .muted
        case .flapping: .flapping
        }
    }

    private func ground(domain: String, why: String) -> DecisionGround {
        switch self.outcome {
        case .sent: .withinLimit
        case .duplicate: .duplicate(age: self.now - self.heldAt)
        case .cooldown: .cooldown(domain: domain, age: self.now - self.heldAt, severity: self.heldBy ?? .low)
        case .tenantLimit: .tenantLimit
        case .unchecked: self.mode == .sentBefore ? .storeAway : .unchecked(isForTenant: self.mode == .offForTenant)
        case .noRoute: .noRoute
        case .silenced: .silenced(id: why)
        case .inhibited: .inhibited(rule: why)
        case .muted: .muted(intervals: Self.lines(why))
        case .flapping: .flapping(percent: self.amount)
        case .resolved: .resolved
        case .digest: .digest(alerts: self.amount)
        case .flappingBegan: .flappingBegan(percent: self.amount)
        case .flappingEnded: .flappingEnded(percent: self.amount)
        }
    }

    /// A list as the scripts carry it.
    static func text(of list: [String]) -> String { list.joined(separator: "\n") }
    private static func lines(_ text: String) -> [String] {
        text.isEmpty ? [] : text.split(separator: "\n").map(String.init)
    }

    /// What an answer or a receipt has beside the numbers.
    struct Texts {
        var alertID: String
        var fingerprint: Fingerprint
        var domain: String
        var heldBackBy: String
        /// May be missing where the verdict says it.
        var heldFingerprint: String
        /// What was named in the decision: a silence, a rule, intervals, or routes that were left out.
        var why: String
        var handler: String
        var origin: ReceiptOrigin
    }

    func receipt(_ texts: Texts) -> Receipt {
        let isSent = self.verdict.isSent
        return Receipt(
            alertID: texts.alertID,
            fingerprint: texts.fingerprint,
            verdict: self.verdict,
            ground: self.ground(domain: texts.domain, why: texts.why),
            window: self.window.map { .microseconds($0) },
            count: self.count,
            limit: self.limit,
            nextAllowedAt: self.nextAllowed.map { Timestamp(microseconds: $0) },
            remainingInWindow: self.remaining,
            heldBackBy: texts.heldBackBy.isEmpty ? nil : texts.heldBackBy,
            isRepetition: !texts.heldBackBy.isEmpty
                && (self.outcome == .duplicate || texts.heldFingerprint == texts.fingerprint.description),
            mutedRoutes: isSent ? Self.lines(texts.why) : [],
            handler: texts.handler,
            configVersion: texts.origin.configVersion,
            instance: texts.origin.instance,
            decidedAt: Timestamp(microseconds: self.now)
        )
    }
}

/// Who decided: the reactor, and by which settings.
struct ReceiptOrigin {
    let instance: String
    let configVersion: String
}
