import EventPatterns
package import Events
import Reactions
package import RedisClient

/// The way of an event, one method a stage, in the order of the way:
///
///     receive -> (ring) -> take -> route -> run -> perform
///
/// A value confined to the event loop of the subscription: frames are handled straight from the receive buffer, on the
/// thread that read them. Only while handling is slower than receiving are frames copied into the ring, so that the
/// socket never waits for a handler. Nothing here waits; what must wait goes through the `ReactionPort`.
package struct EventPipeline: ~Copyable {
    /// How long frames are handled as they are read, in nanoseconds, before we take it that we are behind: from then on
    /// reading comes first, and they go through the ring.
    private static let patience: UInt64 = 2_000_000
    /// A pause of at least this long means that there was nothing to read: we keep up.
    private static let pause: UInt64 = 15_000
    /// How long one stretch of handling from the ring may keep the loop from reading, in nanoseconds. A socket holds about
    /// 0.3 ms of the bus's best rate; what comes beyond that waits at Redis, which cuts a subscriber at 32 MiB.
    private static let slice: UInt64 = 250_000

    package internal(set) var routes: RouteTable
    package internal(set) var counters: PipelineCounters
    package private(set) var quarantine = QuarantineLog()
    package private(set) var ring: FrameRing
    package var taps = TapHub()
    /// Set while the decisions about alerts are behind; frames wait in the ring.
    package var isPaused = false

    let decoder: EnvelopeDecoder
    let port: any ReactionPort
    let clock: PipelineClock
    let makeAlertID: () -> String
    var producers = SequenceTracker()
    private var overload = OverloadEpisode()
    /// Names of the subscription's targets; a frame in the ring refers to them by number.
    var channels: ChannelNames
    var arrivals: UInt64 = 0
    /// The rank of the least important log line that is written; asked for once a read.
    var logRank = 0
    /// When the present stretch of work without a pause began, and when its last piece ended.
    private var stretchStart: UInt64 = 0
    private var lastEnd: UInt64 = 0

    package init(
        routes: RouteTable,
        limits: DecoderLimits,
        ring: consuming FrameRing,
        port: any ReactionPort,
        clock: PipelineClock,
        makeAlertID: @escaping () -> String
    ) {
        self.routes = routes
        self.counters = PipelineCounters(types: routes.types.count, slots: routes.slotCount)
        self.ring = ring
        self.decoder = EnvelopeDecoder(fields: routes.matcher.fields, limits: limits)
        self.port = port
        self.clock = clock
        self.makeAlertID = makeAlertID
        self.channels = ChannelNames()
    }

    // MARK: Source

    /// Takes all messages of one read from the socket.
    ///
    /// - Returns: Whether the ring holds frames, so that `drain` must be called once the loop has read again.
    package mutating func receive(_ batch: inout MessageBatch) -> Bool {
        let arrivedAt = self.clock.wall()
        self.logRank = self.port.logRank
        if self.ring.isEmpty, !self.isPaused, !self.isBehind() {
            let routes = self.routes
            while let message = batch.next() {
                self.take(ByteView(message.payload), from: .live(ByteView(message.channel)), arrivedAt, by: routes)
                if self.isPaused { break }
            }
        }
        while let message = batch.next() {
            self.store(ByteView(message.payload), channel: ByteView(message.channel), arrivedAt)
        }
        self.lastEnd = self.clock.monotonic()
        return !self.ring.isEmpty
    }

    // MARK: Ring

    private mutating func store(_ payload: ByteView, channel: ByteView, _ arrivedAt: Timestamp) {
        self.counters.deferred += 1
        let bytesBefore = self.ring.droppedBytes
        let given = self.ring.append(payload, target: self.channels.number(of: channel), arrivedAt: arrivedAt)
        guard given > 0 else { return }
        // A dropped frame was received as well; it is counted here because it will never be taken.
        self.counters.received += UInt64(given)
        let bytes = self.ring.droppedBytes - bytesBefore
        self.counters.receivedBytes += bytes
        self.report(self.overload.handle(.dropped(events: UInt64(given), bytes: bytes), at: arrivedAt))
    }

    /// Handles frames from the ring for one stretch.
    ///
    /// - Returns: Whether frames are left, so that it must be called again once the loop has read.
    package mutating func drain() -> Bool {
        guard !self.isPaused else { return false }
        let end = self.clock.monotonic() + Self.slice
        var handled = 0
        let routes = self.routes
        while let frame = self.ring.first {
            self.take(frame.payload, from: .stored(frame.target), frame.arrivedAt, by: routes)
            self.ring.removeFirst()
            handled += 1
            if self.isPaused { return false }
            if handled & 31 == 0, self.clock.monotonic() >= end { break }
        }
        // Caught up: handle as we read again.
        if self.ring.isEmpty { self.stretchStart = self.clock.monotonic() }
        return !self.ring.isEmpty
    }

    /// Whether we have worked for longer than our patience without a single pause: then Redis may have more than we take.
    private mutating func isBehind() -> Bool {
        let now = self.clock.monotonic()
        if now &- self.lastEnd > Self.pause { self.stretchStart = now }
        return now &- self.stretchStart > Self.patience
    }

    private func report(_ actions: [OverloadEpisode.Action]) {
        for action in actions { self.port.overload(action) }
    }

    /// What is due because time has passed: ends an overload that is over, gives up on numbered events that stay away.
    package mutating func tick() {
        let now = self.clock.wall()
        self.report(self.overload.handle(.tick(fill: self.ring.fill), at: now))
        for loss in self.producers.tick(at: now) { self.port.missed(loss) }
    }

    // MARK: Intake

    /// - Parameter routes: `self.routes`, which do not change between two events of one read: held by the caller, so that
    ///   no event pays for counting references to them.
    private mutating func take(
        _ frame: ByteView,
        from origin: FrameOrigin,
        _ arrivedAt: Timestamp,
        by routes: RouteTable
    ) {
        switch self.decoder.decode(frame, arrivedAt: arrivedAt) {
        case .envelope(let envelope):
            self.counters.lastEventAt = arrivedAt.microseconds
            self.route(envelope, from: origin, by: routes)
        case .rejected(let reason):
            self.counters.received += 1
            self.counters.receivedBytes += UInt64(frame.count)
            self.reject(frame, length: frame.count, reason, from: origin, arrivedAt)
        }
    }

    /// Takes note of a frame that was too large to be read; the scanner skipped it.
    package mutating func skipped(_ prefix: ByteView, length: Int, channel: ByteView) {
        self.counters.received += 1
        self.reject(prefix, length: length, .oversize, from: .live(channel), self.clock.wall())
    }

    private mutating func reject(
        _ frame: ByteView,
        length: Int,
        _ reason: QuarantineReason,
        from origin: FrameOrigin,
        _ arrivedAt: Timestamp
    ) {
        let channel = self.channels.name(of: origin)
        self.quarantine.add(reason, frame: frame, length: length, channel: channel, arrivedAt: arrivedAt)
        if let entry = self.quarantine.last { self.port.quarantined(entry) }
    }

    // MARK: Configuration

    /// Puts other handlers in the place of these, between two events. What was counted stays, see
    /// `PipelineCounters.goOn`.
    package mutating func replace(routes: RouteTable) {
        var counters = PipelineCounters(types: routes.types.count, slots: routes.slotCount)
        counters.goOn(with: self.counters, of: self.routes, in: routes)
        self.routes = routes
        self.counters = counters
        self.decoder.replace(fields: routes.matcher.fields)
    }
}
