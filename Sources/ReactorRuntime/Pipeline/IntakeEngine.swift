package import EventPatterns
import Events
package import NIOCore
import Reactions
package import RedisClient

/// Holds the pipeline on its event loop: an actor whose executor *is* the loop, so that the subscription calls it without a
/// hop and everybody else is made to wait for their turn between two reads.
package actor IntakeEngine: SubscriptionSink {
    private nonisolated let loop: any EventLoop
    package nonisolated let unownedExecutor: UnownedSerialExecutor
    /// Touched on the loop only: by the actor, whose executor the loop is, and in `receive`, which checks it.
    private nonisolated(unsafe) let held: HeldPipeline
    private var isDrainScheduled = false
    private var isHalted = false
    private nonisolated let link: LinkMonitor

    package init(loop: any EventLoop, link: LinkMonitor, pipeline: sending @Sendable () -> EventPipeline) {
        self.loop = loop
        self.unownedExecutor = loop.executor.asUnownedSerialExecutor()
        self.link = link
        self.held = HeldPipeline(pipeline())
    }

    private var pipeline: EventPipeline {
        _read { yield self.held.pipeline }
        _modify { yield &self.held.pipeline }
    }

    // MARK: From the subscription, on the loop

    package nonisolated func receive(_ batch: inout MessageBatch) {
        // Once for each event when they come one by one: asking the loop costs a tenth of asking the concurrency runtime.
        self.loop.preconditionInEventLoop()
        if self.held.pipeline.receive(&batch) { self.assumeIsolated { $0.scheduleDrain() } }
    }

    package nonisolated func handle(_ event: SubscriptionEvent) {
        self.link.handle(event)
        guard case .oversize(let frame) = event else { return }
        self.assumeIsolated { engine in
            frame.prefix.withUnsafeBytes { prefix in
                frame.channel.withUnsafeBytes { channel in
                    engine.pipeline.skipped(ByteView(prefix), length: frame.length, channel: ByteView(channel))
                }
            }
        }
    }

    package nonisolated var isBehind: Bool { self.assumeIsolated { $0.isDrainScheduled } }

    // MARK: Ring

    /// Handles what waits in the ring once the loop has had a chance to read.
    private func scheduleDrain() {
        guard !self.isDrainScheduled else { return }
        self.isDrainScheduled = true
        self.loop.execute {
            self.assumeIsolated { engine in
                engine.isDrainScheduled = false
                if !engine.isHalted, engine.pipeline.drain() { engine.scheduleDrain() }
            }
        }
    }

    /// Goes on after the decisions about alerts have caught up.
    package func resume() {
        guard !self.isHalted else { return }
        self.pipeline.isPaused = false
        if !self.pipeline.ring.isEmpty { self.scheduleDrain() }
    }

    /// `resume`, as soon as the loop is free, without waiting for that.
    package nonisolated func resumeSoon() {
        self.loop.execute { self.assumeIsolated { $0.resume() } }
    }

    /// Handles nothing more, now that nobody is left to take the reactions; what waits stays in the ring, and who watches
    /// is told that it is over.
    package func halt() {
        self.isHalted = true
        self.pipeline.isPaused = true
        self.pipeline.taps.finish()
    }

    /// When the frame arrived that has waited for longest; nil when none waits. That it answers proves that whatever was
    /// read from the socket before has been handled, or waits.
    package var oldestWaiting: Timestamp? { self.pipeline.ring.first?.arrivedAt }

    /// How many frames wait.
    package var waiting: Int { self.pipeline.ring.count }

    // MARK: For those who ask

    package func snapshot() -> PipelineSnapshot { PipelineSnapshot(self.pipeline) }

    package func quarantine(_ limit: Int) -> [QuarantineEntry] { self.pipeline.quarantine.newest(limit) }

    /// Lets somebody watch events pass until they stop reading.
    package func tap(_ patterns: [TypePattern]) -> AsyncStream<[UInt8]> {
        let engine = self
        return self.pipeline.taps.add(patterns) { id in
            engine.loop.execute { engine.assumeIsolated { $0.pipeline.taps.remove(id) } }
        }
    }

    /// Replaces all handlers between two events.
    package func replace(_ entries: [HandlerEntry]) { self.pipeline.replace(routes: RouteTable(entries)) }

    /// Replaces all handlers as soon as the loop is free, without waiting for that.
    package nonisolated func replaceSoon(_ entries: [HandlerEntry]) {
        self.loop.execute { self.assumeIsolated { $0.replace(entries) } }
    }

    /// What is due because time has passed. That it returns proves that the loop turns.
    package func tick() { self.pipeline.tick() }
}

/// Keeps the pipeline in one place in memory.
private final class HeldPipeline {
    var pipeline: EventPipeline

    init(_ pipeline: consuming EventPipeline) {
        self.pipeline = pipeline
    }
}

/// A copy of the pipeline's numbers, taken between two events.
package struct PipelineSnapshot: Sendable {
    package var counters: PipelineCounters
    package var entries: [HandlerEntry]
    package var types: [String]
    package var slots: [(handler: Int, type: Int)]
    package var quarantined: [UInt64]
    package var ringCount: Int
    package var ringBytes: Int
    package var ringCapacity: Int
    package var dropped: UInt64
    package var ringHighWater: Int
    package var policy: OverflowPolicy
    package var isPaused: Bool
    package var lostEvents: UInt64

    init(_ pipeline: borrowing EventPipeline) {
        self.counters = pipeline.counters.settled
        self.entries = pipeline.routes.entries
        self.types = pipeline.routes.types.names
        self.slots = pipeline.routes.slotLabels
        self.quarantined = pipeline.quarantine.counts
        self.ringCount = pipeline.ring.count
        self.ringBytes = pipeline.ring.usedBytes
        self.ringCapacity = pipeline.ring.capacity
        self.dropped = pipeline.ring.dropped
        self.ringHighWater = pipeline.ring.highWater
        self.policy = pipeline.ring.policy
        self.isPaused = pipeline.isPaused
        self.lostEvents = pipeline.producers.statistics.lost
    }

    package var order: [HandlerPlace] { HandlerPlace.all(self.entries) }
    package var quarantinedTotal: UInt64 { self.quarantined.reduce(0, +) }
    package var succeededTotal: UInt64 { self.counters.succeeded.reduce(0, +) }
    package var failedTotal: UInt64 { self.counters.failed.reduce(0, +) }
}
