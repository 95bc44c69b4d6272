package import Events

/// Finds what was lost between a producer that numbers its events and this reactor.
///
/// A number that is missing may still come (connections overlap for a moment when one replaces another), so it counts
/// as lost when 64 later ones were seen, or when ticks find it overdue. One that comes even later counts as late too.
package struct SequenceTracker: Sendable, Hashable {
    /// What an event's number says about it.
    package enum Observation: Sendable, Hashable {
        /// The first event of its producer; what came before is not known.
        case first
        case next
        /// So many numbers before it are missing by now.
        case ahead(missing: UInt64)
        /// Fills a hole.
        case late
        case duplicate
        /// Far behind: a straggler, or the first event of a producer that started anew. The next one tells.
        case behind
        /// The producer started anew (or jumped further than anybody loses).
        case restarted
    }

    /// Events of a producer that did not arrive.
    package struct Loss: Sendable, Hashable {
        package var producer: String
        package var events: UInt64

        package init(producer: String, events: UInt64) {
            self.producer = producer
            self.events = events
        }
    }

    package struct Statistics: Sendable, Hashable {
        /// Numbers that never came.
        package var lost: UInt64 = 0
        package var late: UInt64 = 0
        package var duplicates: UInt64 = 0
        package var behind: UInt64 = 0
        package var restarts: UInt64 = 0
        /// Producers that were forgotten because there were too many.
        package var forgottenProducers: UInt64 = 0

        package init() {}
    }

    package static let maxProducers = 1024

    package private(set) var statistics = Statistics()

    private let patience: Int64
    private let capacity: Int
    private var clock = SteadyClock()
    private var slots: [Slot] = []
    private var slotOfProducer: [String: Int] = [:]
    private var hand = 0

    private struct Slot: Sendable, Hashable {
        var producer: String
        var window: SequenceWindow
        var wasUsed = true
        var unreported: UInt64 = 0
    }

    /// - Parameters:
    ///   - patience: how long a missing number may take to come.
    ///   - capacity: producers followed at a time; the one unused for longest makes room.
    package init(patience: Duration = .seconds(1), capacity: Int = SequenceTracker.maxProducers) {
        self.patience = max(0, patience.wholeMicroseconds)
        self.capacity = max(1, capacity)
    }

    /// Numbers missing by now that may still come.
    package var open: UInt64 { self.slots.reduce(0) { $0 + $1.window.holes } }

    package var producers: Int { self.slots.count }

    package mutating func observe(producer: ByteView, sequence: UInt64) -> Observation {
        self.observe(producer: ClippedText.of(producer, ClippedText.identifierBytes), sequence: sequence)
    }

    package mutating func observe(producer: String, sequence: UInt64) -> Observation {
        guard let index = self.slotOfProducer[producer] else {
            self.add(producer, sequence)
            return .first
        }
        self.slots[index].wasUsed = true
        let before = self.slots[index].window.lost
        let observation = self.slots[index].window.observe(sequence)
        self.count(lost: self.slots[index].window.lost - before, in: index)
        self.count(observation)
        return observation
    }

    /// Gives up on what is overdue, and returns what was lost since the last call, one entry a producer.
    package mutating func tick(at now: Timestamp) -> [Loss] {
        let instant = self.clock.instant(now)
        var losses: [Loss] = []
        for index in self.slots.indices {
            let before = self.slots[index].window.lost
            self.slots[index].window.giveUp(patience: self.patience, at: instant)
            self.count(lost: self.slots[index].window.lost - before, in: index)
            guard self.slots[index].unreported > 0 else { continue }
            losses.append(Loss(producer: self.slots[index].producer, events: self.slots[index].unreported))
            self.slots[index].unreported = 0
        }
        return losses
    }

    private mutating func count(lost: UInt64, in index: Int) {
        guard lost > 0 else { return }
        self.statistics.lost += lost
        self.slots[index].unreported += lost
    }

    private mutating func count(_ observation: Observation) {
        switch observation {
        case .first, .next, .ahead: break
        case .late: self.statistics.late += 1
        case .duplicate: self.statistics.duplicates += 1
        case .behind: self.statistics.behind += 1
        case .restarted: self.statistics.restarts += 1
        }
    }

    private mutating func add(_ producer: String, _ sequence: UInt64) {
        let slot = Slot(producer: producer, window: SequenceWindow(first: sequence))
        guard self.slots.count >= self.capacity else {
            self.slotOfProducer[producer] = self.slots.count
            self.slots.append(slot)
            return
        }
        // The hand goes round until it finds one that was not used since it last came by: constant work on average.
        while self.slots[self.hand].wasUsed {
            self.slots[self.hand].wasUsed = false
            self.hand = (self.hand + 1) % self.slots.count
        }
        let forgotten = self.slots[self.hand]
        self.statistics.forgottenProducers += 1
        // Its holes can no longer be filled.
        self.statistics.lost += forgotten.window.holes
        self.slotOfProducer[forgotten.producer] = nil
        self.slotOfProducer[producer] = self.hand
        self.slots[self.hand] = slot
        self.hand = (self.hand + 1) % self.slots.count
    }
}
