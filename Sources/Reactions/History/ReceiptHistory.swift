package import Events

/// A receipt as history keeps it: for people, so what decided is a sentence, and a verdict that a later version brings is
/// still readable by an earlier one.
package struct ReceiptHistory: Sendable, Hashable {
    package var alertID: String
    /// The raw value of a `Verdict`.
    package var verdict: String
    package var reason: String
    package var type: String
    package var severity: Severity
    package var domain: String
    package var key: String
    package var summary: String
    package var fingerprint: String
    package var window: Duration?
    package var count: Int
    package var limit: Int
    package var nextAllowedAt: Timestamp?
    package var remainingInWindow: Int?
    package var heldBackBy: String?
    package var isRepetition: Bool
    package var handler: String
    package var configVersion: String
    package var instance: String
    package var cursor: String
    package var event: EventReference?

    package init(_ decision: DecisionRecord) {
        let (subject, receipt) = (decision.subject, decision.receipt)
        self.init(
            alertID: receipt.alertID,
            verdict: receipt.verdict.rawValue,
            reason: receipt.reason,
            type: subject.type,
            severity: subject.severity,
            domain: subject.domain,
            key: subject.key,
            summary: subject.summary,
            fingerprint: receipt.fingerprint.description,
            window: receipt.window,
            count: receipt.count,
            limit: receipt.limit,
            nextAllowedAt: receipt.nextAllowedAt,
            remainingInWindow: receipt.remainingInWindow,
            heldBackBy: receipt.heldBackBy,
            isRepetition: receipt.isRepetition,
            handler: receipt.handler,
            configVersion: receipt.configVersion,
            instance: receipt.instance,
            cursor: decision.cursor,
            event: subject.event
        )
    }

    package init(
        alertID: String,
        verdict: String,
        reason: String,
        type: String,
        severity: Severity,
        domain: String,
        key: String,
        summary: String,
        fingerprint: String,
        window: Duration?,
        count: Int,
        limit: Int,
        nextAllowedAt: Timestamp?,
        remainingInWindow: Int?,
        heldBackBy: String?,
        isRepetition: Bool,
        handler: String,
        configVersion: String,
        instance: String,
        cursor: String,
        event: EventReference? = nil
    ) {
        self.alertID = alertID
        self.verdict = verdict
        self.reason = reason
        self.type = type
        self.severity = severity
        self.domain = domain
        self.key = key
        self.summary = summary
        self.fingerprint = fingerprint
        self.window = window
        self.count = count
        self.limit = limit
        self.nextAllowedAt = nextAllowedAt
        self.remainingInWindow = remainingInWindow
        self.heldBackBy = heldBackBy
        self.isRepetition = isRepetition
        self.handler = handler
        self.configVersion = configVersion
        self.instance = instance
        self.cursor = cursor
        self.event = event
    }
}

extension DecisionRecord {
    /// A decision as history kept it; nil for a row that is no receipt, or one with a verdict or a fingerprint of a later
    /// version.
    package init?(_ row: HistoryRow) {
        guard case .receipt(let kept) = row.content, let verdict = Verdict(rawValue: kept.verdict),
            let fingerprint = Fingerprint(kept.fingerprint)
        else { return nil }
        let subject = AlertSubject(
            type: kept.type,
            severity: kept.severity,
            domain: kept.domain,
            tenant: row.tenant,
            runID: row.runID,
            key: kept.key,
            summary: kept.summary,
            event: kept.event
        )
        let receipt = Receipt(
            alertID: kept.alertID,
            fingerprint: fingerprint,
            verdict: verdict,
            ground: .kept(reason: kept.reason),
            window: kept.window,
            count: kept.count,
            limit: kept.limit,
            nextAllowedAt: kept.nextAllowedAt,
            remainingInWindow: kept.remainingInWindow,
            heldBackBy: kept.heldBackBy,
            isRepetition: kept.isRepetition,
            handler: kept.handler,
            configVersion: kept.configVersion,
            instance: kept.instance,
            decidedAt: row.at
        )
        self.init(cursor: kept.cursor, subject: subject, receipt: receipt)
    }
}
