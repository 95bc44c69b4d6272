package import Events
package import Reactions

/// Makes what sends messages of what the configuration says about receivers.
package struct SinkFactory: Sendable {
    /// Sends one event; nil is the channel that the reactor listens to.
    package typealias Publish = @Sendable (_ channel: String?, _ event: [UInt8]) async throws -> Void

    private let log: any AlertSink
    private let publish: Publish
    private let resolver: any HostResolver

    /// - Parameter log: what the receivers of kind `log` do, whatever their names are.
    package init(
        log: any AlertSink,
        resolver: any HostResolver = SystemResolver(),
        publish: @escaping Publish
    ) {
        self.log = log
        self.resolver = resolver
        self.publish = publish
    }

    /// Never fails: a receiver that cannot be used turns its messages into dead letters that say why, so that nobody
    /// waits for them in silence.
    package func sink(for definition: ReceiverDefinition) -> any AlertSink {
        do {
            return try self.make(definition)
        } catch {
            return UnusableSink(name: definition.name, kind: definition.kind, reason: Self.words(for: error))
        }
    }

    private func make(_ definition: ReceiverDefinition) throws -> any AlertSink {
        let name = definition.name
        switch definition.target {
        case .webhook(let webhook):
            return WebhookSink(
                name: name,
                target: try self.target(webhook.url, definition, authorization: webhook.authorization),
                form: webhook.form,
                keys: webhook.secrets.isEmpty ? nil : try WebhookKeys(webhook.secrets)
            )
        case .slack(let url, let channel):
            return SlackSink(name: name, target: try self.target(url, definition), channel: channel)
        case .pagerDuty(let routingKey, let url):
            return PagerDutySink(name: name, target: try self.target(url, definition), routingKey: routingKey)
        case .alertmanager(let url, let labels):
            return try AlertmanagerSink(name: name, target: try self.target(url, definition), labels: labels)
        case .publish(let eventType, let channel):
            let publish = self.publish
            return PublishSink(name: name, eventType: eventType) { try await publish(channel, $0) }
        case .exec(let arguments, let timeLimit, let environment):
            var settings = ExecSink.Settings()
            settings.timeLimit = timeLimit
            settings.environment = environment
            return try ExecSink(name: name, arguments: arguments, settings: settings)
        case .file(let path):
            return FileSink(name: name, path: path)
        case .log:
            return self.log
        }
    }

    private func target(
        _ url: Secret,
        _ definition: ReceiverDefinition,
        authorization: Secret? = nil
    ) throws -> HTTPTarget {
        var settings = HTTPSender.Settings()
        settings.totalTimeout = definition.timeout
        settings.connectTimeout = min(settings.connectTimeout, definition.timeout)
        settings.trustedAuthorities = definition.caFile
        return try HTTPTarget(
            url: url,
            policy: TargetPolicy(allowPrivate: definition.allowPrivate),
            sender: HTTPSender(resolver: self.resolver, settings: settings),
            authorization: authorization
        )
    }

    /// The errors of receivers say what is wrong and none of the secrets that it is wrong with.
    private static func words(for error: any Error) -> String {
        switch error {
        case let error as TargetRefusal: error.message
        case let error as WebhookKeys.KeyError: error.description
        case let error as ExecSink.CommandError: error.description
        default: "\(type(of: error))"
        }
    }
}

/// Stands for a receiver that cannot be used.
package struct UnusableSink: AlertSink {
    package let name: String
    package let kind: ReceiverKind
    package let reason: String

    package func attempt(
        _ notification: AlertNotification,
        at now: Timestamp
    ) async throws(CancellationError) -> AttemptOutcome {
        .dead(reason: "the receiver cannot be used: \(self.reason)")
    }
}
