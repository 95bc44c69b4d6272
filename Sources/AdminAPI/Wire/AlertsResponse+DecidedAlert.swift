import Events
import Reactions
package import ReactorRuntime

extension AlertsResponse {
    package init(_ alerts: [DecidedAlert]) {
        self.init(alerts: alerts.map { Alert($0) }, source: .memory, next: nil)
    }

    /// - Parameter known: alerts whose details this reactor remembers, by their ids.
    init(_ page: RecordPage, known: [String: DecidedAlert]) {
        let alerts = page.records.map { Alert($0, known: known[$0.receipt.alertID]) }
        self.init(alerts: alerts, source: .store, next: page.next)
    }
}

extension AlertsResponse.Alert {
    package init(_ decided: DecidedAlert) {
        let alert = decided.alert
        self.init(
            id: alert.id,
            status: decided.receipt.status,
            type: alert.type,
            severity: alert.severity,
            domain: alert.domain,
            tenant: alert.tenant,
            runID: alert.runID,
            key: alert.key,
            summary: alert.summary,
            details: JSONDetails(alert.details),
            handler: alert.handler,
            event: alert.event.map(AlertsResponse.Event.init),
            raisedAt: alert.raisedAt.rfc3339,
            receipt: AlertsResponse.Receipt(decided.receipt)
        )
    }

    init(_ record: DecisionRecord, known: DecidedAlert?) {
        let subject = record.subject
        self.init(
            id: record.receipt.alertID,
            status: record.receipt.status,
            type: subject.type,
            severity: subject.severity,
            domain: subject.domain,
            tenant: subject.tenant,
            runID: subject.runID,
            key: subject.key,
            summary: subject.summary,
            details: known.map { JSONDetails($0.alert.details) },
            handler: record.receipt.handler,
            event: subject.event.map(AlertsResponse.Event.init),
            raisedAt: known?.alert.raisedAt.rfc3339,
            receipt: AlertsResponse.Receipt(record.receipt)
        )
    }
}

extension AlertsResponse.Event {
    init(_ event: EventReference) {
        self.init(
            arrival: event.arrival,
            eventType: event.eventType,
            timestamp: event.timestamp.rfc3339,
            arrivedAt: event.arrivedAt.rfc3339,
            source: event.source,
            eventID: event.eventID
        )
    }
}

extension AlertsResponse.Receipt {
    init(_ receipt: Receipt) {
        self.init(
            fingerprint: receipt.fingerprint.description,
            verdict: receipt.verdict,
            reason: receipt.reason,
            windowSeconds: receipt.window?.inSeconds,
            count: receipt.count,
            limit: receipt.limit,
            nextAllowedAt: receipt.nextAllowedAt?.rfc3339,
            remainingInWindow: receipt.remainingInWindow,
            heldBackBy: receipt.heldBackBy,
            configVersion: receipt.configVersion,
            instance: receipt.instance,
            decidedAt: receipt.decidedAt.rfc3339
        )
    }
}
