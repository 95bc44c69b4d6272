/// A receiver as it is configured.
package struct ReceiverDefinition: Sendable, Hashable {
    /// Where messages go, and what that needs.
    package enum Target: Sendable, Hashable {
        case webhook(WebhookTarget)
        case slack(url: Secret, channel: String?)
        case pagerDuty(routingKey: Secret, url: Secret)
        case alertmanager(url: Secret, labels: [String: String])
        /// An event on a Redis channel; nil for the one that the reactor listens to.
        case publish(eventType: String, channel: String?)
        /// Argument list, no shell.
        case exec(arguments: [String], timeLimit: Duration, environment: [String: String])
        case file(path: String)
        case log
    }

    package struct WebhookTarget: Sendable, Hashable {
        package var url: Secret
        package var form = WebhookForm.standard
        /// Signing secrets, the newest first; none leaves messages unsigned.
        package var secrets: [Secret] = []
        /// The value of the `Authorization` header.
        package var authorization: Secret?

        package init(url: Secret) {
            self.url = url
        }
    }

    package var name: String
    package var target: Target
    /// For HTTP receivers on this machine or in the local network.
    package var allowPrivate = false
    /// Certificates to trust instead of the system's.
    package var caFile: String?
    /// Messages that are being sent at the same time, at most.
    package var concurrency = 4
    /// How long one attempt may take.
    package var timeout = Duration.seconds(15)
    /// Mustache templates; nil for the plain words.
    package var title: String?
    package var body: String?
    /// Whether the end of an alert is told.
    package var sendsResolved = true

    package init(name: String, target: Target) {
        self.name = name
        self.target = target
    }

    /// What there is when nothing is configured.
    package static let log = ReceiverDefinition(name: "log", target: .log)

    package var kind: ReceiverKind {
        switch self.target {
        case .webhook: .webhook
        case .slack: .slack
        case .pagerDuty: .pagerDuty
        case .alertmanager: .alertmanager
        case .publish: .publish
        case .exec: .exec
        case .file: .file
        case .log: .log
        }
    }
}
