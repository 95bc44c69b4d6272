import Hummingbird
import HummingbirdCore
package import Logging
package import NIOCore
package import ReactorRuntime
import ServiceLifecycle
import Synchronization
package import Telemetry

/// The admin interface: health, metrics and what the reactor does, over HTTP.
package struct AdminServer: Service {
    private let settings: AdminSettings
    private let responder: RouterResponder<BasicRequestContext>
    private let group: any EventLoopGroup
    private let logger: Logger
    private let onListening: @Sendable (BoundAddress) -> Void

    /// - Parameters:
    ///   - inspector: answers questions about the reactor.
    ///   - books: answer those about alerts.
    ///   - registry: counts requests.
    ///   - group: threads that serve requests; not the loop on which events are handled.
    ///   - onListening: called once with the address that is listened on, its port chosen.
    package init(
        inspector: any ReactorInspecting,
        books: AlertBooks = AlertBooks(),
        settings: AdminSettings,
        registry: MetricsRegistry,
        group: any EventLoopGroup,
        logger: Logger,
        onListening: @escaping @Sendable (BoundAddress) -> Void = { _ in }
    ) {
        self.settings = settings
        self.responder = AdminRouter(
            inspector: inspector,
            books: books,
            settings: settings,
            registry: registry,
            logger: logger
        ).responder()
        self.group = group
        self.logger = logger
        self.onListening = onListening
    }

    /// Listens until graceful shutdown or cancellation.
    ///
    /// - Throws: `AdminServerError` when it cannot listen.
    package func run() async throws {
        guard self.settings.address.isLocal || self.settings.token != nil else {
            throw AdminServerError.notLocal(self.settings.address)
        }
        switch self.settings.address {
        case .tcp(let host, let port):
            try await self.serve(on: .hostname(host, port: port)) { channel in
                .tcp(host: host, port: channel.localAddress?.port ?? port)
            }
        case .unix(let path):
            let file = try UnixSocketFile(path: path)
            defer { file.remove() }
            try await self.serve(on: .unixDomainSocket(path: file.bindPath)) { _ throws(AdminServerError) in
                try file.publish()
                return .unix(path: path)
            }
        }
    }

    /// The application, for tests of its routes.
    var application: Application<RouterResponder<BasicRequestContext>> {
        self.application(on: .hostname("127.0.0.1", port: 0)) { _ in }
    }
}

extension AdminServer {
    /// How far listening came.
    private enum Progress: Sendable {
        case starting
        case listening
        case failed(AdminServerError)
    }

    private func serve(
        on address: BindAddress,
        listening: @escaping @Sendable (any Channel) throws(AdminServerError) -> BoundAddress
    ) async throws {
        let progress = Mutex(Progress.starting)
        let application = self.application(on: address) { channel in
            do throws(AdminServerError) {
                let listening = try listening(channel)
                progress.withLock { $0 = .listening }
                self.logger.info("admin interface listens", metadata: ["address": "\(listening)"])
                self.onListening(listening)
            } catch {
                progress.withLock { $0 = .failed(error) }
                channel.close(promise: nil)
            }
        }
        do {
            try await application.run()
        } catch {
            switch progress.withLock({ $0 }) {
            case .starting: throw AdminServerError(binding: self.settings.address, error)
            case .listening: throw error
            case .failed(let failure): throw failure
            }
        }
        if case .failed(let failure) = progress.withLock({ $0 }) { throw failure }
    }

    private func application(
        on address: BindAddress,
        onServerRunning: @escaping @Sendable (any Channel) async -> Void
    ) -> Application<RouterResponder<BasicRequestContext>> {
        var logger = self.logger
        // Hummingbird tells of each start and request what is told here already.
        logger.logLevel = max(.warning, logger.logLevel)
        let settings = self.settings
        return Application(
            responder: self.responder,
            server: HTTPServerBuilder { responder in
                LimitedHTTPChannel(
                    base: HTTP1Channel(responder: responder, configuration: Self.httpConfiguration(settings)),
                    limits: ConnectionLimits(
                        unansweredBytes: settings.requestByteLimit,
                        stall: TimeAmount(settings.stallLimit)
                    )
                )
            },
            configuration: ApplicationConfiguration(
                address: address,
                availableConnectionsDelegate: .maximum(settings.connectionLimit, logger: logger)
            ),
            onServerRunning: onServerRunning,
            eventLoopGroupProvider: .shared(self.group),
            logger: logger
        )
    }

    private static func httpConfiguration(_ settings: AdminSettings) -> HTTP1Channel.Configuration {
        HTTP1Channel.Configuration(
            idleTimeout: TimeAmount(settings.idleLimit),
            httpDecoderConfiguration: HTTP1Channel.Configuration.DecoderConfiguration(
                maxHeaderFieldSize: 8 * 1_024,
                maxHeaderListSize: 16 * 1_024,
                maxHeaderFieldCount: 64
            )
        )
    }
}
