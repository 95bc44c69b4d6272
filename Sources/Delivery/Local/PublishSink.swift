package import Events
package import Reactions

/// Receiver `publish`: an event on the channel for each notification, with the payload of a webhook.
package struct PublishSink: AlertSink {
    package let name: String
    private let eventType: String
    private let source: String
    private let publish: @Sendable ([UInt8]) async throws -> Void

    package var kind: ReceiverKind { .publish }

    /// - Parameter publish: sends the bytes of one event; what it throws is tried again.
    package init(
        name: String,
        eventType: String = "alert.notification",
        source: String = "aos-reactor",
        publish: @escaping @Sendable ([UInt8]) async throws -> Void
    ) {
        self.name = name
        self.eventType = eventType
        self.source = source
        self.publish = publish
    }

    package func attempt(
        _ notification: AlertNotification,
        at now: Timestamp
    ) async throws(CancellationError) -> AttemptOutcome {
        var event = EnvelopeWriter(
            eventType: self.eventType,
            timestamp: now,
            source: self.source,
            payload: AlertPayload.data(notification),
            // A handler that reacts to it and alerts again is a loop; the hop is what ends it.
            hops: 1
        )
        // The same for every attempt, so that readers can take it once.
        event.eventID = notification.deliveryID
        let tenants = Set(notification.group.notices.map(\.alert.tenant))
        if let tenant = tenants.first, tenants.count == 1, !tenant.isEmpty { event.tenantID = tenant }
        do {
            try await self.publish(event.bytes)
            return .delivered
        } catch {
            if Task.isCancelled { throw CancellationError() }
            return .retry(reason: "not published: \(type(of: error))")
        }
    }
}
