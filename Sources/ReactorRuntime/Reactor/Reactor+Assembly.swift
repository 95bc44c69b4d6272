import EventPatterns
import Events
import Logging
import NIOCore
import NIOPosix
import Reactions
import RedisClient
import Synchronization
import Telemetry

extension Reactor {
    /// Makes everything that one life needs, in the order in which the parts know each other.
    func makeLife() -> ReactorLife {
        let ready = Gate()
        let probeTimes = self.registry.histogram(MetricCatalog.Subscription.probeRoundTrip)
        let heartbeatBox = Late<HeartbeatService>()
        let machinesBox = Late<MachineDesk>()
        let link = LinkMonitor(clock: self.clock, logger: self.logger) { [weak self] roundTrip in
            probeTimes.record(roundTrip.inSeconds)
            ready.open()
            self?.becomeRunning()
        } onSight: { change in
            if case .regained = change { heartbeatBox.value?.wasBlind() }
            machinesBox.value?.handle(change)
        }
        var commandSettings = RedisCommandClient.Settings()
        // The proof of a new subscription waits for this connection: it comes back as quickly as that one does.
        commandSettings.backoff.longest = .milliseconds(250)
        let commands = RedisCommandClient(
            endpoint: self.endpoint,
            clientName: "aos-reactor:\(self.settings.instance):commands",
            eventLoop: MultiThreadedEventLoopGroup.singleton.any(),
            logger: self.logger,
            settings: commandSettings
        )
        let publisher = EventPublisher(
            commands: commands,
            defaultChannel: self.settings.publishChannel,
            clock: self.clock,
            logger: self.logger
        )
        let (history, archive) = (self.history, self.archive)
        let lines = self.deliveries.begin(
            Deliveries.Publisher(commands: commands, channel: self.settings.publishChannel),
            record: { history?.record($0) },
            self.logger
        )
        // The desk resumes the engine, which does not exist yet.
        let engineBox = Late<IntakeEngine>()
        let subscriptionBox = Late<RedisSubscription>()
        let desk = AlertDesk(
            store: self.store,
            standIn: self.standIn,
            undecided: { [deliveries] alert, receipt in deliveries.sendUndecided(alert, receipt) },
            heldBack: self.heldBack,
            log: self.alerts,
            logger: self.logger,
            record: { rows in
                history?.record(rows)
                archive?.ring()
            },
            isCongested: { lines.contains { $0.figures.notices > AlertDesk.highWater } },
            onRoom: { engineBox.value?.resumeSoon() }
        )
        let machines = MachineDesk(
            machines: self.machines,
            store: self.machineStore,
            alerts: desk,
            publisher: publisher,
            clock: self.clock,
            logger: self.logger,
            handlerLogger: self.handlerLogger,
            lateness: self.registry.histogram(MetricCatalog.Machines.lateness),
            oldestWaiting: { await engineBox.value?.oldestWaiting },
            heard: { since in await subscriptionBox.value?.heard(since: since) },
            record: { [runRecorder] in runRecorder?.record($0) },
            onRoom: { engineBox.value?.resumeSoon() }
        )
        machinesBox.set(machines)
        let selfAlerts = SelfAlerts(
            instance: self.settings.instance,
            clock: self.clock,
            logger: self.logger,
            submit: { _ = desk.submit($0) },
            resolve: { _ = desk.submit($0) }
        )
        let port = ReactionRouter(
            desk: desk,
            publisher: publisher,
            lanes: self.lanes,
            machines: machines,
            heartbeat: heartbeatBox,
            selfAlerts: selfAlerts,
            quarantine: self.quarantineRecorder,
            logger: self.logger,
            handlerLogger: self.handlerLogger
        )
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        group.any().execute { [logger] in
            let (isShort, isExact) = (TimeSlice.shorten(), TimerSlack.forgo())
            logger.debug(
                "Event loop of the intake",
                metadata: ["thread.short_slice": "\(isShort)", "thread.exact_timers": "\(isExact)"]
            )
        }
        let engine = self.makeEngine(on: group.any(), link: link, port: port)
        engineBox.set(engine)
        let subscription = self.makeSubscription(on: group.any(), commands: commands, engine: engine)
        subscriptionBox.set(subscription)
        let heartbeat = HeartbeatService(
            settings: self.settings,
            engine: engine,
            commands: commands,
            link: link,
            publisher: publisher,
            alerts: selfAlerts,
            subscriberName: self.subscriberName,
            ready: ready,
            clock: self.clock,
            logger: self.logger
        ) { [weak self] in
            await self?.heartbeatReport() ?? .none
        }
        heartbeatBox.set(heartbeat)
        return ReactorLife(
            intakeGroup: group,
            commands: commands,
            subscription: subscription,
            engine: engine,
            link: link,
            desk: desk,
            deliveries: self.deliveries,
            lines: lines,
            publisher: publisher,
            lanes: self.lanes,
            machines: machines,
            heartbeat: heartbeat,
            selfAlerts: selfAlerts,
            archive: archive,
            ready: ready,
            engineBox: engineBox,
            subscriptionBox: subscriptionBox,
            machinesBox: machinesBox,
            heartbeatBox: heartbeatBox,
            channels: self.settings.channels,
            judged: { [weak self] in self?.judged($0) },
            logger: self.logger
        )
    }

    /// What `CLIENT LIST` shows for the subscription.
    private var subscriberName: String { "aos-reactor:\(self.settings.instance):events" }

    private func makeEngine(on loop: any EventLoop, link: LinkMonitor, port: ReactionRouter) -> IntakeEngine {
        let entries = self.state.withLock { $0.fileHandlers + $0.closures }
        let settings = self.settings
        let clock = self.clock
        return IntakeEngine(loop: loop, link: link) {
            EventPipeline(
                routes: RouteTable(entries),
                limits: DecoderLimits(maxEventBytes: settings.maxEventBytes),
                ring: FrameRing(capacity: settings.ringBytes, policy: settings.overflow.policy),
                port: port,
                clock: clock
            ) {
                var generator = SystemRandomNumberGenerator()
                return AlertIdentifiers.make(at: clock.wall(), using: &generator)
            }
        }
    }

    private func makeSubscription(
        on loop: any EventLoop,
        commands: RedisCommandClient,
        engine: IntakeEngine
    ) -> RedisSubscription {
        var settings = SubscriptionSettings(instance: self.settings.instance)
        settings.maxEventBytes = self.settings.maxEventBytes
        // A deaf link is found at the first probe after it fell deaf, up to 5 s later; together 12 s, where 15 are allowed.
        settings.probeDeadline = .seconds(7)
        let channels = self.settings.channels.map { SubscriptionTarget.channel($0) }
        let patterns = self.settings.channelPatterns.map { SubscriptionTarget.pattern($0) }
        // What the subscription reports, the link monitor logs; once is enough.
        var logger = self.logger
        logger.logLevel = .critical
        let configuration = RedisSubscription.Configuration(
            endpoint: self.endpoint,
            targets: channels + patterns,
            settings: settings,
            clientName: self.subscriberName,
            eventLoop: loop,
            logger: logger
        )
        return RedisSubscription(configuration, commands: commands) { engine }
    }

    /// The subscription has been proven: from STARTING to RUNNING.
    private func becomeRunning() {
        let now = self.clock.wall()
        let isNew = self.state.withLock { state in
            let run = state.lifecycle.run
            return !state.lifecycle.handle(.started(run: run), at: now).isEmpty
        }
        if isNew {
            self.logger.notice("reactor is RUNNING", metadata: ["instance": "\(self.settings.instance)"])
        }
    }

    private func heartbeatReport() async -> HeartbeatService.Report {
        let status = await self.status()
        return HeartbeatService.Report(
            eventsReceived: status.received,
            eventsHandled: status.handlersSucceeded,
            uptime: status.uptime,
            handlersRegistered: status.handlersRegistered
        )
    }
}
