package import Events
package import Reactions

/// Where an HTTP receiver is, and how it is reached.
package struct HTTPTarget: Sendable {
    package let url: TargetURL
    package let policy: TargetPolicy
    package let sender: HTTPSender
    /// Sent with each request, as `Authorization`.
    package let authorization: Secret?

    /// Throws when the address itself says that nothing may be sent there.
    package init(
        url: Secret,
        policy: TargetPolicy = TargetPolicy(),
        sender: HTTPSender = HTTPSender(),
        authorization: Secret? = nil
    ) throws(TargetRefusal) {
        self.url = try TargetURL(url.exposed)
        self.policy = policy
        self.sender = sender
        self.authorization = authorization
        try policy.check(self.url)
    }

    private init(_ target: HTTPTarget, url: TargetURL) {
        self.url = url
        self.policy = target.policy
        self.sender = target.sender
        self.authorization = target.authorization
    }

    func appending(path: String) throws(TargetRefusal) -> HTTPTarget {
        HTTPTarget(self, url: try self.url.appending(path: path))
    }

    /// Sends a request, and judges the answer by the rules of the kind.
    func send(
        _ request: DeliveryRequest,
        kind: ReceiverKind,
        parts: Int = 1,
        at now: Timestamp
    ) async throws(CancellationError) -> AttemptOutcome {
        var request = request
        if let authorization = self.authorization {
            request.headers.append(DeliveryRequest.Header("authorization", authorization.exposed))
        }
        switch try await self.sender.post(request, to: self.url, policy: self.policy) {
        case .answered(let answer):
            return AnswerJudge.outcome(of: answer, kind: kind, parts: parts, at: now)
        case .refused(let refusal) where refusal.code == .unresolved:
            // Name servers have bad days.
            return .retry(reason: refusal.message)
        case .refused(let refusal):
            return .dead(reason: refusal.message)
        case .failed(let reason):
            return .retry(reason: reason)
        }
    }
}

/// Receiver `webhook`.
package struct WebhookSink: AlertSink {
    package let name: String
    private let target: HTTPTarget
    private let form: WebhookForm
    private let keys: WebhookKeys?

    package var kind: ReceiverKind { .webhook }

    package init(name: String, target: HTTPTarget, form: WebhookForm = .standard, keys: WebhookKeys? = nil) {
        self.name = name
        self.target = target
        self.form = form
        self.keys = keys
    }

    package func attempt(
        _ notification: AlertNotification,
        at now: Timestamp
    ) async throws(CancellationError) -> AttemptOutcome {
        let request = WebhookWire.request(notification, form: self.form, keys: self.keys, at: now)
        return try await self.target.send(request, kind: self.kind, at: now)
    }
}

/// Receiver `slack`: an incoming webhook.
package struct SlackSink: AlertSink {
    package let name: String
    private let target: HTTPTarget
    private let channel: String?

    package var kind: ReceiverKind { .slack }

    package init(name: String, target: HTTPTarget, channel: String? = nil) {
        self.name = name
        self.target = target
        self.channel = channel
    }

    package func attempt(
        _ notification: AlertNotification,
        at now: Timestamp
    ) async throws(CancellationError) -> AttemptOutcome {
        let request = SlackWire.request(notification, channel: self.channel)
        return try await self.target.send(request, kind: self.kind, at: now)
    }
}

/// Receiver `pagerduty`: the Events API v2.
package struct PagerDutySink: AlertSink {
    package let name: String
    private let target: HTTPTarget
    private let routingKey: Secret

    package var kind: ReceiverKind { .pagerDuty }

    /// - Parameter target: `PagerDutyWire.address`, or what stands for it.
    package init(name: String, target: HTTPTarget, routingKey: Secret) {
        self.name = name
        self.target = target
        self.routingKey = routingKey
    }

    package func attempt(
        _ notification: AlertNotification,
        at now: Timestamp
    ) async throws(CancellationError) -> AttemptOutcome {
        let request = PagerDutyWire.request(notification, routingKey: self.routingKey)
        return try await self.target.send(request, kind: self.kind, at: now)
    }
}

/// Receiver `alertmanager`: all alerts of a notification, in as few requests as its bounds allow.
package struct AlertmanagerSink: AlertSink {
    package let name: String
    private let target: HTTPTarget
    private let labels: [String: String]

    package var kind: ReceiverKind { .alertmanager }

    /// - Parameters:
    ///   - target: the root of Alertmanager's pages, as `http://alertmanager:9093`.
    ///   - labels: on top of the alerts' own.
    package init(
        name: String,
        target: HTTPTarget,
        labels: [String: String] = [:]
    ) throws(TargetRefusal) {
        self.name = name
        self.target = try target.appending(path: AlertmanagerWire.path)
        self.labels = labels
    }

    /// Alertmanager takes an alert twice as once, so an attempt that failed half-way is made again as a whole. A batch
    /// that is refused for one of its alerts is sent again one by one: the good ones arrive, the bad ones are named.
    package func attempt(
        _ notification: AlertNotification,
        at now: Timestamp
    ) async throws(CancellationError) -> AttemptOutcome {
        let notices = notification.group.notices
        var refused: [String] = []
        for batch in self.batches(notices, AlertmanagerWire.maxAlerts, now) {
            let outcome = try await self.send(batch, now)
            guard case .split = outcome else {
                if case .dead(let reason) = outcome {
                    refused.append("alert \(notices[batch.places[0]].alert.id): \(reason)")
                    continue
                }
                guard outcome == .delivered else { return outcome }
                continue
            }
            let parts = batch.places.map { notices[$0] }
            for single in self.batches(parts, 1, now) {
                switch try await self.send(single, now) {
                case .delivered: continue
                case .dead(let reason), .split(let reason):
                    refused.append("alert \(parts[single.places[0]].alert.id): \(reason)")
                case .retry(let reason, let after, let slowDown):
                    return .retry(reason: reason, after: after, slowDown: slowDown)
                case .gone(let reason):
                    return .gone(reason: reason)
                }
            }
        }
        guard let first = refused.first else { return .delivered }
        let rest = refused.count > 1 ? " (and \(refused.count - 1) more)" : ""
        return .dead(reason: "\(refused.count) of \(notices.count) alerts refused: \(first)\(rest)")
    }

    private func batches(_ notices: [AlertNotice], _ maxAlerts: Int, _ now: Timestamp) -> [AlertmanagerWire.Batch] {
        AlertmanagerWire.batches(
            notices,
            extra: self.labels,
            maxAlerts: maxAlerts,
            at: now
        )
    }

    private func send(
        _ batch: AlertmanagerWire.Batch,
        _ now: Timestamp
    ) async throws(CancellationError) -> AttemptOutcome {
        try await self.target.send(batch.request, kind: self.kind, parts: batch.places.count, at: now)
    }
}
