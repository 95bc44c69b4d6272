import Events

/// What an alert is about, as its receipts and digests keep it: everything but its details, which may be long.
///
/// One reference, however many fields: an alert, its receipts and the digests that speak of it share them.
package struct AlertSubject: Sendable, Hashable {
    private struct Fields: Sendable, Hashable {
        var type: String
        var severity: Severity
        var domain: String
        var tenant: String
        var runID: String
        var key: String
        var summary: String
        var event: EventReference?
    }

    private final class Shared: Sendable {
        let fields: Fields
        let fingerprint: Fingerprint
        let tenant: HashedText

        init(_ fields: Fields) {
            self.fields = fields
            self.tenant = HashedText(fields.tenant)
            self.fingerprint = Fingerprint(key: fields.key, tenant: fields.tenant, domain: fields.domain)
        }
    }

    private var shared: Shared

    package init(
        type: String,
        severity: Severity,
        domain: String,
        tenant: String,
        runID: String,
        key: String,
        summary: String,
        event: EventReference?
    ) {
        self.shared = Shared(
            Fields(
                type: type,
                severity: severity,
                domain: domain,
                tenant: tenant,
                runID: runID,
                key: key,
                summary: summary,
                event: event
            )
        )
    }

    /// What kind of alert: `MISSING_ACK`, `STALE_RUN`, ... or the name of the rule that raised it.
    package var type: String {
        get { self.shared.fields.type }
        set { self.change { $0.type = newValue } }
    }

    package var severity: Severity {
        get { self.shared.fields.severity }
        set { self.change { $0.severity = newValue } }
    }

    /// The cooldown group: `incidents`, `policies`, `logs`, `orchestrator`, `audit`, or any other text.
    package var domain: String {
        get { self.shared.fields.domain }
        set { self.change { $0.domain = newValue } }
    }

    /// Empty when the event names no tenant.
    package var tenant: String {
        get { self.shared.fields.tenant }
        set { self.change { $0.tenant = newValue } }
    }

    /// `unknown` when the event names no run.
    package var runID: String {
        get { self.shared.fields.runID }
        set { self.change { $0.runID = newValue } }
    }

    /// What makes two alerts of one tenant and domain the same alert.
    package var key: String {
        get { self.shared.fields.key }
        set { self.change { $0.key = newValue } }
    }

    /// What tells alerts apart, made of key, tenant and domain. It is worked out where the alert is made: whoever decides
    /// does so for all, one alert after the other.
    package var fingerprint: Fingerprint { self.shared.fingerprint }

    /// The tenant as a key, likewise.
    var tenantKey: HashedText { self.shared.tenant }

    package var summary: String {
        get { self.shared.fields.summary }
        set { self.change { $0.summary = newValue } }
    }

    /// Missing for alerts that the reactor raises about itself.
    package var event: EventReference? {
        get { self.shared.fields.event }
        set { self.change { $0.event = newValue } }
    }

    /// Others that share the fields keep them as they are.
    private mutating func change(_ change: (inout Fields) -> Void) {
        var fields = self.shared.fields
        change(&fields)
        self.shared = Shared(fields)
    }

    package static func == (lhs: AlertSubject, rhs: AlertSubject) -> Bool {
        lhs.shared === rhs.shared || lhs.shared.fields == rhs.shared.fields
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(self.shared.fields) }
}
