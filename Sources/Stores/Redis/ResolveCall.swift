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

    func arguments(_ silences: [String], _ rules: AlertRules) -> [String] {
        var generator = SystemRandomNumberGenerator()
        let ending: JSONValue = [
            "silences": .array(silences.map { .string($0) }),
            "version": .string(SilenceIdentifier.make(using: &generator)),
            "audit": .number(SilenceBounds.auditEntries), "actor": .string(SystemAlerts.handler),
            "detail": .string(SilenceBounds.endedByAlert),
        ]
        var arguments = [
            self.fingerprint, self.standing.revision, self.resolution.tenant, self.resolution.domain,
            ending.compactText,
        ]
        for alert in self.told {
            var subject = AlertSubject(alert)
            if let event = self.resolution.event { subject.event = event }
            let ended = alert.resolved(by: self.resolution.summary)
            arguments += [
                alert.id, alert.runID, SubjectText.write(subject, handler: self.resolution.handler),
                NoticeText.write(ended, .resolved, endsAt: self.resolution.raisedAt, rules),
            ]
        }
        return arguments
    }
}
