import Events
import Reactions
import RedisClient

/// Something that is due, as the script gets it.
struct SettleCall {
    let member: String
    let alerts: [Alert]
    let status: AlertStatus
    let fingerprint: String
    let heldBack: HeldBack?
    private let known: String
    private let outcome: DecisionScript.Outcome
    private let amount: Int
    private let now: Timestamp

    init(_ member: String, _ reply: RedisReply, now: Timestamp) {
        self.member = member
        self.now = now
        let name = String(member.dropFirst(2))
        if member.hasPrefix("d:") {
            self.heldBack = HeldBack(reply)
            self.alerts = self.heldBack.map { [$0.digest(at: now)] } ?? []
            self.known = reply.fields["last"] ?? ""
            self.status = .firing
            self.outcome = .digest
            self.amount = self.heldBack?.total ?? 0
            self.fingerprint = self.alerts.first?.fingerprint.description ?? name
        } else {
            let standing = StoredStanding(reply)
            self.heldBack = nil
            // What was never told to come and go has nothing to say when it no longer does.
            self.alerts = (standing?.flapping ?? 0) >= 2 ? standing?.told ?? [] : []
            self.known = standing?.revision ?? ""
            self.status = standing?.fires == false ? .resolved : .firing
            self.outcome = .flappingEnded
            self.amount = FlapWeights.percent(ofStates: standing?.states ?? "")
            self.fingerprint = name
        }
    }

    func arguments(_ rules: AlertRules, _ origin: ReceiptOrigin) -> [[UInt8]] {
        var arguments = [
            self.member, self.known, "\(self.outcome.rawValue)", "\(self.amount)", self.status == .firing ? "1" : "0",
        ].map { Array($0.utf8) }
        for alert in self.alerts {
            let endsAt = self.status == .resolved ? self.now : nil
            let notice = NoticeText.write(alert, self.status, endsAt: endsAt, rules, self.heldBack?.digestRoute)
            arguments += [
                Array(alert.id.utf8), Array(alert.runID.utf8),
                SubjectText.write(
                    alert.subject,
                    handler: alert.handler,
                    fingerprint: self.fingerprint,
                    origin
                ), notice,
            ]
        }
        return arguments
    }
}
