import Events
import Reactions

/// The end of an alert, as the script gets it.
struct ResolveCall {
    let resolution: Resolution
    let fingerprint: String
    let standing: StoredStanding

    init(_ resolution: Resolution, _ fingerprint: String, _ standing: StoredStanding) {
        self.resolution = resolution
        self.fingerprint = fingerprint
        self.standing = standing
    }

    var told: [Alert] { self.standing.told }

    func arguments(_ silences: [String], _ rules: AlertRules, _ origin: ReceiptOrigin) -> [[UInt8]] {
        var generator = SystemRandomNumberGenerator()
        let ending: JSONValue = [
            "silences": .array(silences.map { .string($0) }),
            "version": .string(SilenceIdentifier.make(using: &generator)),
            "audit": .number(SilenceBounds.auditEntries), "actor": .string(SystemAlerts.handler),
            "detail": .string(SilenceBounds.endedByAlert),
        ]
        var arguments = [Array(self.fingerprint.utf8), Array(self.standing.revision.utf8), ending.compactBytes]
        for alert in self.told {
            var subject = alert.subject
            if let event = self.resolution.event { subject.event = event }
            let ended = alert.resolved(by: self.resolution.summary)
            arguments += [
                Array(alert.id.utf8), Array(alert.runID.utf8),
                SubjectText.write(
                    subject,
                    handler: self.resolution.handler,
                    fingerprint: self.fingerprint,
                    origin
                ),
                NoticeText.write(ended, .resolved, endsAt: self.resolution.raisedAt, rules),
            ]
        }
        return arguments
    }
}
