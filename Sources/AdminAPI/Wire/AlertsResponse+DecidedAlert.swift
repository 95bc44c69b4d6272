import Events
import Reactions
package import ReactorRuntime

extension AlertsResponse {
    package init(_ alerts: [DecidedAlert]) {
        self.alerts = alerts.map(Alert.init)
    }
}

extension AlertsResponse.Alert {
    package init(_ decided: DecidedAlert) {
        let alert = decided.alert
        self.init(
            id: alert.id,
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
            fingerprint: receipt.fingerprint,
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
