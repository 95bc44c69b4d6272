package import Logging
package import NIOCore

/// A subscription to channels and patterns of one Redis server that keeps itself alive.
///
/// Messages go to a sink on the event loop that the subscription lives on, straight from the receive buffer. A link that
/// falls silent or deaf is replaced make-before-break; one that is lost is made again; every time without a subscription
/// is reported with its cause and an upper bound of what it swallowed.
///
///     let subscription = RedisSubscription(configuration, commands: commands) { engine }
///     try await subscription.run()      // in a task of its own, until stop() or cancellation
package final class RedisSubscription: Sendable {
    /// What a subscription is made from.
    package struct Configuration: Sendable {
        package var endpoint: RedisEndpoint
        package var targets: [SubscriptionTarget]
        package var settings: SubscriptionSettings

        /// Shown by the server's `CLIENT LIST`.
        package var clientName: String
        package var eventLoop: any EventLoop
        package var logger: Logger

        package init(
            endpoint: RedisEndpoint,
            targets: [SubscriptionTarget],
            settings: SubscriptionSettings,
            clientName: String,
            eventLoop: any EventLoop,
            logger: Logger
        ) {
            self.endpoint = endpoint
            self.targets = targets
            self.settings = settings
            self.clientName = clientName
            self.eventLoop = eventLoop
            self.logger = logger
        }
    }

    private let configuration: Configuration
    private let commands: RedisCommandClient
    private let makeSink: @Sendable () -> any SubscriptionSink
    private let privateChannel: PrivateChannel
    /// The running subscription's driver; touched on the event loop only.
    private let driver: NIOLoopBoundBox<SubscriptionDriver?>
    /// How often `run()` was called; touched on the event loop only.
    private let runs: NIOLoopBoundBox<Int>

    /// - Parameters:
    ///   - commands: publishes the probes, the way producers publish, and asks for the server's counters. Whoever made
    ///     it runs it.
    ///   - makeSink: called once for each run, on the event loop.
    package init(
        _ configuration: Configuration,
        commands: RedisCommandClient,
        makeSink: @escaping @Sendable () -> any SubscriptionSink
    ) {
        self.configuration = configuration
        self.commands = commands
        self.makeSink = makeSink
        let token = String(UInt64.random(in: 0...UInt64.max), radix: 16)
        self.privateChannel = PrivateChannel(name: configuration.settings.privateChannel, token: token)
        self.driver = .makeBoxSendingValue(nil, eventLoop: configuration.eventLoop)
        self.runs = .makeBoxSendingValue(0, eventLoop: configuration.eventLoop)
    }

    /// Subscribes and stays subscribed until `stop()` is called or the task is cancelled. May be called again after it
    /// has returned.
    ///
    /// - Throws: when the event loop is shut down. A server that is away, or that refuses us, is reported to the sink
    ///   and tried again.
    package func run() async throws {
        let (work, continuation) = AsyncStream.makeStream(of: SubscriptionWork.self)
        let eventLoop = self.configuration.eventLoop
        let run = try await eventLoop.submit { self.start(continuation) }.get()
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                for await item in work { group.addTask { await self.perform(item) } }
                // Whatever is still under way is for links that are closed.
                group.cancelAll()
            }
        } onCancel: {
            eventLoop.execute { self.abandon(run) }
        }
        try await eventLoop.submit { self.abandon(run) }.get()
    }

    /// Ends the subscription: the server confirms its end after the last message, everything up to there is handed
    /// over, and the connection is closed. A server that does not confirm in time is not waited for.
    package func stop() async {
        // Fails only when the event loop is shut down, and with it everything here.
        try? await self.configuration.eventLoop.flatSubmit { () -> EventLoopFuture<Void> in
            guard let driver = self.driver.value else { return self.configuration.eventLoop.makeSucceededVoidFuture() }
            driver.handle(.stop)
            return driver.end
        }.get()
    }

    /// Whether everything that was published before a moment has been handed to the sink, as far as the link can tell.
    /// A link that died without a word looks like one on which nothing is published, so the server is asked when nothing
    /// has come since that moment; whoever was told no asks again shortly.
    ///
    /// - Returns: Until when that is so; nil when the server has not spoken since. The end of time when there is no link
    ///   to go by: that is reported as such.
    package func heard(since: NIODeadline) async -> NIODeadline? {
        do {
            return try await self.configuration.eventLoop.submit {
                self.driver.value.map { $0.heard(since: since) } ?? .distantFuture
            }.get()
        } catch {
            // Only when the event loop is shut down, and with it everything that could be heard.
            return .distantFuture
        }
    }

    /// - Returns: the number of this run.
    private func start(_ work: AsyncStream<SubscriptionWork>.Continuation) -> Int {
        precondition(self.driver.value == nil, "the subscription runs already")
        let finished = self.configuration.eventLoop.makePromise(of: Void.self)
        let driver = SubscriptionDriver(
            configuration: self.configuration,
            privateChannel: self.privateChannel,
            sink: self.makeSink(),
            work: work,
            finished: finished
        )
        self.driver.value = driver
        self.runs.value += 1
        // First of all who wait for the end: whoever called stop() may call run() next.
        finished.futureResult.assumeIsolated().whenComplete { _ in self.driver.value = nil }
        driver.handle(.start)
        return self.runs.value
    }

    /// Ends a run now, unless it is over.
    private func abandon(_ run: Int) {
        if self.runs.value == run { self.driver.value?.handle(.abandon) }
    }

    // MARK: Work off the event loop

    private func perform(_ work: SubscriptionWork) async {
        switch work {
        case .connect(let id): await self.connect(id)
        case .publishProbe(let number): await self.publishProbe(number)
        case .publishMarker(let number): await self.publishMarker(number)
        }
    }

    private func connect(_ id: LinkID) async {
        let start = NIODeadline.now()
        let connector = RedisConnector(
            endpoint: self.configuration.endpoint,
            eventLoop: self.configuration.eventLoop,
            connectTimeout: min(self.configuration.settings.connectDeadline, .seconds(2))
        )
        do throws(RedisError) {
            let channel = try await connector.connect { channel in
                guard let driver = self.driver.value else { throw ChannelError.ioOnClosedChannel }
                try channel.pipeline.syncOperations.addHandler(driver.makeLink(id))
            }
            await self.onLoop { driver in
                do {
                    try driver.connected(id, channel)
                } catch {
                    driver.connectFailed(id, .broken)
                }
            }
        } catch {
            let wasRefused = RetryPauses.wasRefused(since: start, error)
            await self.onLoop { $0.connectFailed(id, wasRefused ? .connectionRefused : .connectFailed(error)) }
        }
    }

    /// One write: the counters, the probe, the counters again, so that the two readings enclose the probe.
    private func publishProbe(_ number: UInt64) async {
        let info = RedisCommand("INFO", "all")
        let publish = self.publish(self.privateChannel.probe(number))
        let deadline = max(.seconds(1), min(.seconds(5), self.configuration.settings.probeInterval))
        let input: SubscriptionSupervisor.Input
        do throws(RedisError) {
            let replies = try await self.commands.pipeline([info, publish, info], deadline: deadline)
            guard replies.count == 3, let receivers = try replies[1].orThrow().integer else {
                throw RedisError(.unexpectedReply, "PUBLISH is answered by a number")
            }
            let reading = Self.reading(before: replies[0], after: replies[2])
            input = .published(number, receivers: Int(receivers), reading: reading)
        } catch {
            input = .publishFailed(number, error)
        }
        await self.onLoop { $0.handle(input) }
    }

    private func publishMarker(_ number: UInt64) async {
        let input: SubscriptionSupervisor.Input
        do throws(RedisError) {
            let marker = self.publish(self.privateChannel.marker(number))
            let receivers = try await self.commands.send(marker, deadline: .seconds(1)).integer
            input = .published(number, receivers: Int(receivers ?? 0), reading: nil)
        } catch {
            input = .publishFailed(number, error)
        }
        await self.onLoop { $0.handle(input) }
    }

    private func publish(_ message: [UInt8]) -> RedisCommand {
        RedisCommand([Array("PUBLISH".utf8), self.privateChannel.name, message])
    }

    private static func reading(before: RedisReply, after: RedisReply) -> LossAssessment.Reading? {
        guard let before = before.bytes.flatMap(ServerSample.init(info:)),
            let after = after.bytes.flatMap(ServerSample.init(info:))
        else { return nil }
        return LossAssessment.Reading(before: before, after: after)
    }

    private func onLoop(_ body: @escaping @Sendable (SubscriptionDriver) -> Void) async {
        // Fails only when the event loop is shut down, and with it everything here.
        try? await self.configuration.eventLoop.submit {
            if let driver = self.driver.value { body(driver) }
        }.get()
    }
}
