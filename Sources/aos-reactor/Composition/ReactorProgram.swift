import AdminAPI
import ArgumentParser
import Delivery
import Logging
import NIOPosix
import Reactions
import ReactorConfig
import ReactorRuntime
import RedisClient
import RedisServer
import ServiceLifecycle
import Stores
import Telemetry

/// The composition root of `run`: configuration in, services out, nothing of its own.
struct ReactorProgram {
    let configuration: ReactorConfiguration
    let loaded: LoadResult
    let reload: @Sendable () -> LoadResult

    func run() async throws {
        let output = LogOutput(self.logSettings)
        let logger = output.logger(label: "aos-reactor")
        LoggingSystem.bootstrap { output.handler(label: $0) }
        defer { output.flush(within: .seconds(2)) }
        logger.notice(
            "starting",
            metadata: ["version": "\(BuildInfo.version)", "config": "\(self.configuration.version)"]
        )
        Self.warn(of: self.loaded, logger)

        try await self.withRedis(logger) { endpoint in
            if self.configuration.durability.isRequired, self.configuration.enabled,
                let refusal = await DurabilityCheck.refusal(endpoint, logger)
            {
                throw Self.exitCode(for: refusal, logger)
            }
            let registry = MetricsRegistry()
            registry.add(ProcessCollector())
            registry.add(output)
            let state = self.stateConnection(to: endpoint, logger)
            let history = try await HistoryService.make(self.configuration.history, output.logger(label: "history"))
            let reactor = self.makeReactor(endpoint, state, history, registry, output, logger)
            await reactor.apply(
                self.loaded.handlers,
                self.configuration.alerts,
                configVersion: self.configuration.version
            )
            try await self.serve(reactor, state, history, endpoint, registry, logger)
        }
    }

    // MARK: Parts

    private var logSettings: Telemetry.LogSettings {
        let format: LogFormat =
            switch self.configuration.log.format {
            case .auto: .automatic(descriptor: STDERR, environment: ProcessEnvironment.variables)
            case .json: .json
            case .text: .text(colored: Terminal.standardError.wantsColour)
            }
        return Telemetry.LogSettings(
            level: Logger.Level(rawValue: self.configuration.log.level.rawValue) ?? .info,
            format: format
        )
    }

    private var STDERR: CInt { Terminal.standardError.descriptor }

    private var playsDemo: Bool {
        self.configuration.redis.endpoint == nil && self.configuration.embedded.demo && self.configuration.enabled
    }

    /// Runs `body` with the endpoint of Redis: the configured one, or that of a private server that lives as long.
    private func withRedis(
        _ logger: Logger,
        _ body: @escaping @Sendable (RedisEndpoint) async throws -> Void
    ) async throws {
        if let endpoint = self.configuration.redis.endpoint { return try await body(endpoint) }
        let settings = RedisServerSettings(
            dataFolder: self.configuration.embedded.dataDirectory,
            // What `doctor` asks of every server.
            directives: ["client-output-buffer-limit pubsub 512mb 256mb 60", "tcp-keepalive 60"]
        )
        do {
            try await withRedisServerProcess(settings, logger: logger) { server in
                logger.info("embedded redis-server answers", metadata: ["socket": "\(server.address.unixPath)"])
                try await body(RedisEndpoint(url: server.url))
            }
        } catch let error as RedisServerError {
            logger.critical("embedded redis-server failed", metadata: ["reason": "\(error)"])
            throw ExitCode.unavailable
        }
    }

    /// The connection that decisions are made on, apart from all others so that none of them waits for another.
    private func stateConnection(to endpoint: RedisEndpoint, _ logger: Logger) -> StateConnection? {
        guard self.configuration.state == .redis, self.configuration.enabled else { return nil }
        func client(_ role: String) -> RedisCommandClient {
            RedisCommandClient(
                endpoint: endpoint,
                clientName: "aos-reactor:\(self.configuration.instance):\(role)",
                eventLoop: MultiThreadedEventLoopGroup.singleton.any(),
                logger: logger
            )
        }
        return StateConnection(commands: client("state"), notices: client("notices"))
    }

    /// What decides alerts, and what tells of them.
    private func makeStore(
        _ state: StateConnection?,
        _ log: any AlertSink,
        _ registry: MetricsRegistry
    ) -> (store: any StateStore, deliveries: Deliveries) {
        let clock = PipelineClock.system
        guard let state else {
            let parts = Deliveries.inMemory(
                instance: self.configuration.instance,
                log: log,
                registry: registry,
                clock: clock
            )
            return (parts.store, parts.deliveries)
        }
        let store = RedisStateStore(
            commands: state.commands,
            namespace: self.configuration.namespace,
            settings: self.configuration.alerts,
            configVersion: self.configuration.version,
            instance: self.configuration.instance
        )
        let outbox = RedisOutbox(
            commands: state.commands,
            notices: state.notices,
            namespace: self.configuration.namespace,
            instance: self.configuration.instance
        )
        let deliveries = Deliveries(
            outbox: outbox,
            instance: self.configuration.instance,
            log: log,
            registry: registry,
            clock: clock
        )
        return (store, deliveries)
    }

    private func makeReactor(
        _ endpoint: RedisEndpoint,
        _ state: StateConnection?,
        _ history: HistoryService?,
        _ registry: MetricsRegistry,
        _ output: LogOutput,
        _ logger: Logger
    ) -> Reactor {
        let clock = PipelineClock.system
        let alerts = output.logger(label: "alerts")
        let console = ConsoleReceiver(name: "log", isColoured: Terminal.standardOutput.wantsColour) {
            Terminal.standardOutput.print($0)
        }
        let showsOnConsole = self.playsDemo
        let log: any AlertSink = showsOnConsole ? console : LogSink(logger: alerts)
        let parts = self.makeStore(state, log, registry)
        return Reactor(
            endpoint: endpoint,
            settings: ReactorSettings(self.configuration),
            version: BuildInfo.version,
            store: parts.store,
            machineStore: state.map {
                RedisMachineStore(commands: $0.commands, namespace: self.configuration.namespace)
            },
            deliveries: parts.deliveries,
            history: history?.keeper,
            bookmark: state == nil ? nil : history?.bookmark(self.configuration),
            heldBack: { alert, receipt in
                if showsOnConsole {
                    console.show(alert, receipt)
                } else {
                    LogSink.explain(alert, receipt, to: alerts)
                }
            },
            registry: registry,
            clock: clock,
            logger: logger,
            handlerLogger: output.logger(label: "handlers")
        )
    }

    private func serve(
        _ reactor: Reactor,
        _ state: StateConnection?,
        _ history: HistoryService?,
        _ endpoint: RedisEndpoint,
        _ registry: MetricsRegistry,
        _ logger: Logger
    ) async throws {
        let signals = SignalService(
            grace: self.configuration.shutdown.grace,
            logger: logger,
            reload: { await self.reload(into: reactor, logger) },
            stop: { reactor.stop() }
        )
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = [.init(service: signals)]
        // Before the reactor, so that they end after it.
        if let history { services.append(.init(service: history)) }
        if let state { services.append(.init(service: state)) }
        if let admin = self.adminServer(reactor, registry, logger) { services.append(.init(service: admin)) }
        services.append(
            .init(
                service: reactor,
                successTerminationBehavior: .gracefullyShutdownGroup,
                failureTerminationBehavior: .gracefullyShutdownGroup
            )
        )
        services.append(.init(service: StartPages(reactor: reactor), successTerminationBehavior: .ignore))
        if self.playsDemo {
            services.append(
                .init(
                    service: DemoService(
                        reactor: reactor,
                        configuration: self.configuration,
                        endpoint: endpoint,
                        logger: logger
                    ),
                    successTerminationBehavior: .ignore,
                    failureTerminationBehavior: .ignore
                )
            )
        }
        let group = ServiceGroup(configuration: .init(services: services, logger: logger))
        do {
            try await group.run()
        } catch let error as ReactorError {
            throw Self.exitCode(for: error, logger)
        } catch let error as AdminServerError {
            logger.critical("the admin interface cannot listen", metadata: ["reason": "\(error)"])
            throw ExitCode.unavailable
        }
    }

    private static func exitCode(for error: ReactorError, _ logger: Logger) -> ExitCode {
        logger.critical("the reactor ended", metadata: ["code": "\(error.code.rawValue)", "reason": "\(error)"])
        return switch error.code {
        case .workLeft: .workLeft
        case .redisUnreachable: .unavailable
        case .invalidSetting, .notDurable: .badConfiguration
        case .alreadyRunning: ExitCode(70)
        }
    }

    private func adminServer(_ reactor: Reactor, _ registry: MetricsRegistry, _ logger: Logger) -> AdminServer? {
        let address: BoundAddress
        switch self.configuration.http.listen {
        case .off: return nil
        case .tcp(let host, let port): address = .tcp(host: host, port: port)
        case .unix(let path): address = .unix(path: path)
        }
        var settings = AdminSettings(address: address, version: BuildInfo.version)
        settings.token = self.configuration.http.token
        let deliveries = reactor.deliveries
        var books = AlertBooks(settings: { deliveries.settings })
        books.state = reactor.store
        books.history = reactor.history
        books.receipts = reactor.history.map { LayeredReceipts(recent: reactor.store, history: $0) }
        books.silences = reactor.store as? any SilenceBook
        books.deliveries =
            reactor.history.map { LayeredDeliveries(recent: deliveries.outbox, history: $0) } ?? deliveries.outbox
        books.tester = deliveries
        books.runs = reactor
        return AdminServer(
            inspector: reactor,
            books: books,
            settings: settings,
            registry: registry,
            group: MultiThreadedEventLoopGroup.singleton,
            logger: logger
        )
    }

    /// What was found in files that can be used goes the way of all that is told: whoever reads the log reads lines.
    private static func warn(of result: LoadResult, _ logger: Logger) {
        for warning in result.diagnostics where warning.severity == .warning {
            logger.warning("configuration", metadata: ["problem": "\(warning)"])
        }
    }

    // MARK: Reload

    /// Reads everything anew: all of it takes force, or nothing.
    private func reload(into reactor: Reactor, _ logger: Logger) async {
        let result = self.reload()
        if result.isUsable, let configuration = result.configuration {
            await reactor.apply(result.handlers, configuration.alerts, configVersion: configuration.version)
            logger.notice(
                "configuration is in force",
                metadata: [
                    "config": "\(configuration.version)", "handlers": "\(result.handlers.count(where: \.enabled))",
                ]
            )
            Self.warn(of: result, logger)
            let late = configuration.settingsThatNeedRestart(since: self.configuration)
            if !late.isEmpty {
                logger.warning(
                    "settings that changed take force at the next start only",
                    metadata: ["settings": "\(late.joined(separator: ", "))"]
                )
            }
        } else {
            reactor.refuse(configuration: result.refusal)
        }
    }
}

extension ReactorSettings {
    /// What the configuration says, for the runtime.
    init(_ configuration: ReactorConfiguration) {
        self.init(instance: configuration.instance)
        self.channels = []
        for source in configuration.sources {
            switch source {
            case .channel(let name): self.channels.append(name)
            case .pattern(let pattern): self.channelPatterns.append(pattern)
            }
        }
        self.publishChannel = configuration.publishChannel
        self.maxEventBytes = configuration.intake.maxEventBytes
        self.ringBytes = configuration.intake.ringBytes
        self.overflow = configuration.intake.overflow == .dropOldest ? .dropOldest : .dropNewest
        self.heartbeatInterval = configuration.heartbeat.interval
        self.heartbeatMissThreshold = configuration.heartbeat.missThreshold
        self.shutdownGrace = configuration.shutdown.grace
        self.handlerTimeout = configuration.handlers.timeout
        self.lanesPerHandler = configuration.handlers.lanes
        self.queuedPerHandler = configuration.handlers.queue
        self.isEnabled = configuration.enabled
        self.requiresRedis = configuration.redis.isRequired
        self.requiresDurability = configuration.durability.isRequired
    }
}
