package import Events

/// One start of one piece of work; each ticket is given out once.
package struct LaneTicket: Sendable, Hashable {
    package let handler: Int
    package let lane: Int
    package let serial: UInt64
}

/// How handlers that wait are spread over lanes.
package struct LaneSettings: Sendable, Hashable {
    /// Pieces of work of one handler that may run at a time.
    package var lanes = 8
    /// Pieces of work of one handler that may wait.
    package var maxQueued = 1024
    /// Bytes that those may take.
    package var maxQueuedBytes = 8 * 1024 * 1024
    /// Pieces of work of one handler that timed out and have not returned. With more of them their lanes stay taken,
    /// so that a handler that never returns cannot be started without end.
    package var maxAbandoned = 64

    package init() {}
}

/// Orders the work of handlers that wait: what belongs to one run is done one after the other, other runs go on beside
/// it, and no handler's work waits for another handler's.
///
/// The runtime performs the actions, and says when work has finished or has taken too long.
package struct LaneScheduler<Work: Sendable>: Sendable {
    package enum Input: Sendable {
        /// `key`: of the run, see `LaneKey`; equal keys stay in order.
        case submit(handler: Int, key: UInt64, bytes: Int, work: Work)
        case finished(LaneTicket)
        /// It takes too long: the lane goes on without waiting for it.
        case timedOut(LaneTicket)
    }

    package enum Action: Sendable {
        case start(LaneTicket, Work)
        case refuse(handler: Int, work: Work, Refusal)
    }

    /// Why work is not taken.
    package enum Refusal: String, Sendable, Hashable, CaseIterable {
        case queueFull = "queue_full"
        case bytesFull = "bytes_full"
        case handlerUnknown = "handler_unknown"
    }

    private var handlers: [HandlerLanes<Work>] = []
    private var serial: UInt64 = 0

    package init() {}

    /// The number under which the handler's work is submitted from now on.
    package mutating func addHandler(_ settings: LaneSettings = LaneSettings()) -> Int {
        self.handlers.append(HandlerLanes(settings))
        return self.handlers.count - 1
    }

    package mutating func handle(_ input: Input) -> [Action] {
        switch input {
        case .submit(let handler, let key, let bytes, let work):
            guard self.handlers.indices.contains(handler) else {
                return [.refuse(handler: handler, work: work, .handlerUnknown)]
            }
            return self.submit(handler, key, bytes, work)
        case .finished(let ticket):
            guard self.handlers.indices.contains(ticket.handler) else { return [] }
            return self.start(self.handlers[ticket.handler].finish(ticket), of: ticket.handler)
        case .timedOut(let ticket):
            guard self.handlers.indices.contains(ticket.handler) else { return [] }
            return self.start(self.handlers[ticket.handler].abandon(ticket), of: ticket.handler)
        }
    }

    /// Work that runs and is still waited for.
    package var running: Int { self.handlers.reduce(0) { $0 + $1.running } }
    /// Work that waits for its lane.
    package var queued: Int { self.handlers.reduce(0) { $0 + $1.queued } }
    /// Work that timed out and has not returned.
    package var abandoned: Int { self.handlers.reduce(0) { $0 + $1.abandoned.count } }

    package var isIdle: Bool { self.running == 0 && self.queued == 0 }

    /// Takes out what has not begun, in the order of each lane; nothing of it will be started.
    package mutating func removeQueued() -> [Work] {
        self.handlers.indices.flatMap { self.handlers[$0].removeQueued() }
    }

    private mutating func submit(_ handler: Int, _ key: UInt64, _ bytes: Int, _ work: Work) -> [Action] {
        switch self.handlers[handler].submit(key, bytes, work) {
        case .lane(let lane): self.start(lane, of: handler)
        case .queued: []
        case .refused(let reason): [.refuse(handler: handler, work: work, reason)]
        }
    }

    private mutating func start(_ lane: Int?, of handler: Int) -> [Action] {
        guard let lane else { return [] }
        self.serial += 1
        guard let work = self.handlers[handler].startNext(in: lane, serial: self.serial) else { return [] }
        return [.start(LaneTicket(handler: handler, lane: lane, serial: self.serial), work)]
    }
}

/// The key of a run's lane.
package enum LaneKey {
    /// FNV-1a over the run's id. Does not change between processes, so that a replay takes the same lanes.
    @inlinable
    package static func of(_ runID: ByteView) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in runID.buffer {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        return hash
    }
}
