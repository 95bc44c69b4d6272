package import Events
package import Logging
package import Reactions
package import RedisClient
import Synchronization

/// Publishes what handlers want published, in order, pipelined.
///
/// Bounded: when Redis is away for so long that the queue fills, new events are refused and counted. Like every publisher
/// on a Redis channel it cannot know whether somebody listened.
package final class EventPublisher: Sendable {
    /// Events waiting at which further ones are refused.
    package static let capacity = 10_000
    private static let batchSize = 256
    private static let retryDelay: Duration = .milliseconds(100)

    package struct Counts: Sendable {
        package var published: UInt64 = 0
        /// Refused because the queue was full.
        package var refused: UInt64 = 0
        /// Given up after an answer that says they never will be taken (no permission, read-only, ...).
        package var failed: UInt64 = 0
    }

    private let commands: RedisCommandClient
    private let defaultChannel: String
    private let clock: PipelineClock
    private let queue = WorkQueue<OutgoingEvent>()
    private let counters = Mutex(Counts())
    private let logger: Logger

    package init(commands: RedisCommandClient, defaultChannel: String, clock: PipelineClock, logger: Logger) {
        self.commands = commands
        self.defaultChannel = defaultChannel
        self.clock = clock
        self.logger = logger
    }

    package var counts: Counts { self.counters.withLock { $0 } }

    package var depth: Int { self.queue.depth }

    /// Queues an event; never waits.
    package func submit(_ event: OutgoingEvent) {
        guard self.queue.depth < Self.capacity, self.queue.push(event) != nil else {
            self.counters.withLock { $0.refused += 1 }
            return
        }
    }

    /// Publishes until `finish` was called and nothing is left, or the task is cancelled.
    package func run() async {
        while true {
            let batch = await self.queue.take(upTo: Self.batchSize)
            guard !batch.isEmpty else { return }
            guard await self.publish(batch) else { return self.queue.giveBack(batch) }
        }
    }

    package func finish() { self.queue.finish() }

    package func waitUntilIdle() async { await self.queue.waitUntilIdle() }

    /// - Returns: Whether the events are settled; false when the task was cancelled before.
    private func publish(_ events: [OutgoingEvent]) async -> Bool {
        let commands = events.map { self.command(for: $0) }
        while !Task.isCancelled {
            do {
                let replies = try await self.commands.pipeline(commands)
                self.count(replies)
                return true
            } catch {
                if Task.isCancelled { break }
                // What may have been published already is not published again: nobody is told twice.
                guard !error.mayHaveExecuted, !error.needsOperator else {
                    self.counters.withLock { $0.failed += UInt64(events.count) }
                    self.logger.error("events were not published", metadata: ["reason": "\(error.metricLabel)"])
                    return true
                }
                try? await Task.sleep(for: Self.retryDelay)
            }
        }
        return false
    }

    private func count(_ replies: [RedisReply]) {
        var failure: RedisError?
        var failed = 0
        for case .error(let error) in replies {
            failed += 1
            failure = error
        }
        self.counters.withLock { counts in
            counts.published += UInt64(replies.count - failed)
            counts.failed += UInt64(failed)
        }
        if let failure {
            self.logger.error(
                "events were not published",
                metadata: ["reason": "\(failure.metricLabel)", "events": "\(failed)"]
            )
        }
    }

    /// The command that publishes an event, with the time of now.
    package func command(for event: OutgoingEvent) -> RedisCommand {
        let message = self.message(for: event)
        return RedisCommand([Array("PUBLISH".utf8), Array(message.channel.utf8), message.bytes])
    }

    /// What is published of an event, with the time of now, and where.
    package func message(for event: OutgoingEvent) -> (channel: String, bytes: [UInt8]) {
        (event.channel ?? self.defaultChannel, event.frame(at: self.clock.wall()))
    }

    /// Events that somebody else has published in the name of handlers.
    package func notePublished(_ events: Int) { self.counters.withLock { $0.published += UInt64(events) } }
}

extension OutgoingEvent {
    /// The event as it goes out.
    package func frame(at now: Timestamp) -> [UInt8] {
        EnvelopeWriter(
            eventType: self.eventType,
            timestamp: now,
            source: self.handler == SystemAlerts.handler ? InternalEvent.source : AuditFindingEvent.source,
            payload: self.payload,
            hops: self.hops
        ).bytes
    }
}
