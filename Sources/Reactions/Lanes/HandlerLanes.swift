import DequeModule

/// The lanes of one handler.
struct HandlerLanes<Work: Sendable>: Sendable {
    enum Submission {
        /// The work is queued and its lane is free.
        case lane(Int)
        case queued
        case refused(LaneScheduler<Work>.Refusal)
    }

    private struct Item: Sendable {
        var work: Work
        var bytes: Int
    }

    private enum Occupant: Sendable, Hashable {
        case nobody
        case work(UInt64)
        /// Its work timed out, and so have too many others: nothing starts until one of them returns.
        case nobodyMay
    }

    private struct Lane: Sendable {
        var occupant: Occupant = .nobody
        var queue: Deque<Item> = []
    }

    private let settings: LaneSettings
    private var lanes: [Lane]
    /// Lanes where nobody may start, the one that waits for longest first.
    private var closed: Deque<Int> = []
    private(set) var running = 0
    private(set) var queued = 0
    private(set) var queuedBytes = 0
    /// Serials of work that timed out and has not returned.
    private(set) var abandoned: Set<UInt64> = []

    init(_ settings: LaneSettings) {
        self.settings = settings
        self.lanes = Array(repeating: Lane(), count: max(1, settings.lanes))
    }

    mutating func submit(_ key: UInt64, _ bytes: Int, _ work: Work) -> Submission {
        let lane = Int(key % UInt64(self.lanes.count))
        let isFree = self.lanes[lane].occupant == .nobody
        // What can start at once never waits, so no bound applies to it.
        if !isFree {
            if self.queued >= self.settings.maxQueued { return .refused(.queueFull) }
            if self.queuedBytes + bytes > self.settings.maxQueuedBytes { return .refused(.bytesFull) }
        }
        self.lanes[lane].queue.append(Item(work: work, bytes: bytes))
        self.queued += 1
        self.queuedBytes += bytes
        return isFree ? .lane(lane) : .queued
    }

    /// The lane that can go on.
    mutating func finish(_ ticket: LaneTicket) -> Int? {
        if self.abandoned.remove(ticket.serial) != nil { return self.reopen() }
        guard self.owns(ticket) else { return nil }
        self.running -= 1
        self.lanes[ticket.lane].occupant = .nobody
        return ticket.lane
    }

    /// The lane that can go on.
    mutating func abandon(_ ticket: LaneTicket) -> Int? {
        guard self.owns(ticket) else { return nil }
        self.running -= 1
        self.abandoned.insert(ticket.serial)
        let hasRoom = self.abandoned.count <= self.settings.maxAbandoned
        self.lanes[ticket.lane].occupant = hasRoom ? .nobody : .nobodyMay
        if !hasRoom { self.closed.append(ticket.lane) }
        return hasRoom ? ticket.lane : nil
    }

    mutating func startNext(in lane: Int, serial: UInt64) -> Work? {
        guard self.lanes[lane].occupant == .nobody, let item = self.lanes[lane].queue.popFirst() else { return nil }
        self.queued -= 1
        self.queuedBytes -= item.bytes
        self.running += 1
        self.lanes[lane].occupant = .work(serial)
        return item.work
    }

    mutating func removeQueued() -> [Work] {
        var works: [Work] = []
        for index in self.lanes.indices {
            works += self.lanes[index].queue.map(\.work)
            self.lanes[index].queue.removeAll()
        }
        self.queued = 0
        self.queuedBytes = 0
        return works
    }

    /// False for work that has finished or timed out before.
    private func owns(_ ticket: LaneTicket) -> Bool {
        self.lanes.indices.contains(ticket.lane) && self.lanes[ticket.lane].occupant == .work(ticket.serial)
    }

    private mutating func reopen() -> Int? {
        guard self.abandoned.count <= self.settings.maxAbandoned,
            let lane = self.closed.popFirst()
        else { return nil }
        self.lanes[lane].occupant = .nobody
        return lane
    }
}
