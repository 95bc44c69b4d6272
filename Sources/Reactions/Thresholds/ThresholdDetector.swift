package import Events

/// Adds up events for each key of one rule and tells, once, when a limit is near or crossed, and once when it no longer
/// is: sans I/O, one thread at a time.
///
/// Samples within one bucket of time commute: a bucket is a count, a sum, a maximum, counts by size, and a set. So
/// reactors that hear the same see the same value, each by itself. What was told they know of each other, where somebody
/// writes it down: of what one of them has told, another one tells the end.
package struct ThresholdDetector: Sendable {
    package enum Input: Sendable, Hashable {
        case sample(ThresholdSample)
        /// `nextDeadline` may have come.
        case deadlineReached
    }

    package enum Action: Sendable, Hashable {
        case exceeded(ThresholdSignal)
        /// Told for what was told to be exceeded, and for nothing else.
        case recovered(ThresholdSignal)
    }

    package struct Counters: Sendable, Hashable {
        /// Keys that had to go for others.
        package var evicted: UInt64 = 0
        /// Values that are no numbers.
        package var unusable: UInt64 = 0
    }

    struct Entry: Sendable {
        var key: String
        var window: ThresholdWindow
        var runID: String
        var tenant: String
        /// Tiers that are reached and not yet left, as the window says: one bit each.
        var reached: UInt64 = 0
        /// Tiers that were told to be reached, here or by another reactor.
        var told: UInt64 = 0
        /// When that was last told of a tier, or its end; empty before anything was.
        var toldAt: [Int64] = []
        /// When something last came.
        var lastUsed = Int64.min
        /// What came until then was counted by whoever wrote this down.
        var countedUntil = Int64.min
        /// Until when it was counted what is written down of it, as far as is known here.
        var writtenAt = Int64.min
        var armed = Int64.max
        var generation: UInt32
        /// Neighbours in the order of use; -1 for none.
        var before: Int32 = -1
        var behind: Int32 = -1

        /// When anything was last told.
        var lastTold: Int64? { self.toldAt.max() }

        /// - Parameter tiers: how many there are.
        mutating func tell(_ index: Int, _ isReached: Bool, of tiers: Int, at now: Int64) {
            if self.toldAt.isEmpty { self.toldAt = Array(repeating: .min, count: tiers) }
            self.toldAt[index] = now
            self.told = isReached ? self.told | 1 << UInt64(index) : self.told & ~(1 << UInt64(index))
        }
    }

    /// As many as there are bits.
    static let maxTiers = 64
    /// Microseconds for which what was told is known at least where reactors share it, however short the window: one that
    /// lags by as much, as on a machine that was held up, does not tell it anew.
    private static let shortestMemory: Int64 = 60_000_000

    package let rule: ThresholdRule
    /// Microseconds.
    let bucketLength: Int64
    let seconds: Double
    /// Whether several reactors share what was told. Keys are then known for longer, so that one of them that lags does not
    /// tell anything anew.
    var isShared = false
    /// Keys that are watched no longer, where reactors share what they know.
    private var gone: [String] = []
    var clock = SteadyClock()
    var entries: [Entry?] = []
    private var free: [Int32] = []
    private var places: [String: Int32] = [:]
    private var heap = DeadlineHeap()
    /// The key that was used last, and the one that was used least recently.
    private var newest: Int32 = -1
    private var oldest: Int32 = -1
    private var generations: UInt32 = 0
    package private(set) var counters = Counters()

    package init(_ rule: ThresholdRule) {
        self.rule = rule
        self.bucketLength = max(1, rule.window.wholeMicroseconds / Int64(rule.buckets))
        // Not the buckets' own length, which is rounded down: 20 in 10 s are 2 a second.
        self.seconds = rule.window.inSeconds
    }

    package var count: Int { self.places.count }
    package var nextDeadline: Timestamp? { self.heap.first.map { self.clock.reading($0.due) } }

    /// What the rule makes of a key's values; nil when the key is not watched.
    package func value(of key: String) -> Double? {
        self.places[key].flatMap { self.entries[Int($0)]?.window.value(seconds: self.seconds) }
    }

    package mutating func handle(_ input: Input, at now: Timestamp) -> [Action] {
        let instant = self.clock.instant(now)
        var actions: [Action] = []
        // First what is over, so that it does not matter whether somebody has looked since.
        self.workOff(instant, &actions)
        if case .sample(let sample) = input { self.take(sample, instant, &actions) }
        return actions
    }

    private mutating func take(_ sample: ThresholdSample, _ now: Int64, _ actions: inout [Action]) {
        guard sample.value.isFinite else {
            self.counters.unusable += 1
            return
        }
        let place = self.place(of: sample.key, now, &actions)
        self.entries[place]?.lastUsed = now
        let heardAt = sample.heardAt.map { min(now, self.clock.instant(ofReading: $0)) } ?? now
        guard self.entries[place]?.countedUntil ?? .min < heardAt else { return }
        self.entries[place]?.runID = sample.runID
        self.entries[place]?.tenant = sample.tenant
        let bucket = self.bucket(now)
        let first = self.first(now)
        self.entries[place]?.window.slide(to: first)
        self.entries[place]?.window.add(sample.value, identity: sample.identity, in: bucket)
        self.judge(place, now, &actions)
        self.arm(place)
    }

    func bucket(_ now: Int64) -> Int64 {
        let (quotient, remainder) = now.quotientAndRemainder(dividingBy: self.bucketLength)
        return remainder < 0 ? quotient - 1 : quotient
    }

    /// The oldest bucket that the window reaches.
    func first(_ now: Int64) -> Int64 { self.bucket(now) &- Int64(self.rule.buckets) &+ 1 }

    private mutating func judge(_ place: Int, _ now: Int64, _ actions: inout [Action]) {
        guard var entry = self.entries[place] else { return }
        let value = entry.window.value(seconds: self.seconds)
        for (index, tier) in self.rule.tiers.enumerated().prefix(Self.maxTiers).reversed() {
            let bit: UInt64 = 1 << index
            let isTold = entry.told & bit != 0
            let isEnd: Bool
            if entry.reached & bit != 0 {
                guard self.rule.isLeft(tier, by: value) else { continue }
                entry.reached &= ~bit
                isEnd = true
            } else if self.rule.isReached(tier, by: value) {
                // Of several at once the highest is told, which says the others too.
                let isHighest = entry.reached | entry.told < bit
                entry.reached |= bit
                guard isHighest else { continue }
                isEnd = false
            } else {
                // Somebody else has found it. When nothing is left of what he can have counted, it is over.
                guard isTold, let last = entry.lastTold, now >= last &+ self.span else { continue }
                isEnd = true
            }
            // One who is ahead has heard what comes next, too.
            guard isTold == isEnd, entry.toldAt.isEmpty || entry.toldAt[index] <= now else { continue }
            entry.tell(index, !isEnd, of: self.rule.tiers.count, at: now)
            let signal = self.signal(entry, tier, value, now)
            actions.append(isEnd ? .recovered(signal) : .exceeded(signal))
        }
        self.entries[place] = entry
    }

    private func signal(_ entry: Entry, _ tier: ThresholdRule.Tier, _ value: Double, _ now: Int64) -> ThresholdSignal {
        ThresholdSignal(
            rule: self.rule.name,
            tier: tier.name,
            key: entry.key,
            runID: entry.runID,
            tenant: entry.tenant,
            metric: self.rule.metric,
            value: value,
            limit: self.rule.limit,
            at: self.clock.reading(now)
        )
    }

    // MARK: Time

    /// Microseconds.
    var span: Int64 { Int64(self.rule.buckets) &* self.bucketLength }

    /// A key is looked at when its oldest bucket leaves the window, if that may end or begin something; else when the
    /// newest does, to forget it. And when what somebody else has told must be over.
    private func due(_ entry: Entry) -> Int64 {
        let matters = entry.reached != 0 || self.rule.aggregate.mayRiseByTime
        let bucket = matters ? entry.window.oldest : entry.window.newest
        let slides = bucket.map { ($0 &+ Int64(self.rule.buckets)) &* self.bucketLength }
        guard let slides else { return self.end(of: entry) }
        guard let told = entry.lastTold, entry.told & ~entry.reached != 0 else { return slides }
        return min(slides, told &+ self.span)
    }

    private mutating func arm(_ place: Int) {
        guard let entry = self.entries[place] else { return }
        let due = self.due(entry)
        guard due < entry.armed else { return }
        self.entries[place]?.armed = due
        self.heap.insert(DeadlineHeap.Entry(due: due, place: UInt32(place), generation: entry.generation))
    }

    private mutating func workOff(_ now: Int64, _ actions: inout [Action]) {
        while let top = self.heap.first, top.due <= now {
            _ = self.heap.removeFirst()
            let place = Int(top.place)
            guard let entry = self.entries[place], entry.generation == top.generation, entry.armed == top.due else {
                continue
            }
            self.entries[place]?.armed = .max
            // At the time itself, however late it is noticed.
            let first = self.first(top.due)
            self.entries[place]?.window.slide(to: first)
            self.judge(place, top.due, &actions)
            if self.isOver(place, top.due) { self.forget(place) } else { self.arm(place) }
        }
    }

    private func isOver(_ place: Int, _ now: Int64) -> Bool {
        guard let entry = self.entries[place], entry.window.isEmpty else { return false }
        return now >= self.end(of: entry)
    }

    /// Until when a key is known that has nothing in its window.
    private func end(of entry: Entry) -> Int64 {
        // What somebody else has told is looked at when it must be over; its end is told then, and known as long as others.
        let isForeign = entry.told & ~entry.reached != 0
        let memory = isForeign ? self.span : max(self.span, Self.shortestMemory)
        let told = self.isShared || isForeign ? entry.lastTold.map { $0 &+ memory } : nil
        let used = self.isShared && entry.lastUsed > .min ? entry.lastUsed &+ 2 &* self.span : 0
        return max(told ?? 0, used)
    }

    // MARK: Keys

    /// The place of a key, as the one used last; made when it is new.
    mutating func place(of key: String, _ now: Int64, _ actions: inout [Action]) -> Int {
        if let known = self.places[key] {
            self.unlink(known)
            self.link(known)
            return Int(known)
        }
        if self.places.count >= self.rule.maxKeys { self.evict(now, &actions) }
        self.generations &+= 1
        let entry = Entry(
            key: key,
            window: ThresholdWindow(self.rule.aggregate),
            runID: "",
            tenant: "",
            generation: self.generations
        )
        let place: Int32
        if let free = self.free.popLast() {
            place = free
            self.entries[Int(place)] = entry
        } else {
            place = Int32(self.entries.count)
            self.entries.append(entry)
        }
        self.places[key] = place
        self.link(place)
        return Int(place)
    }

    /// What is no longer watched is no longer known to be exceeded: whoever was told is told that, too.
    private mutating func evict(_ now: Int64, _ actions: inout [Action]) {
        let place = Int(self.oldest)
        guard place >= 0, let entry = self.entries[place] else { return }
        self.counters.evicted += 1
        let value = entry.window.value(seconds: self.seconds)
        for (index, tier) in self.rule.tiers.enumerated().prefix(Self.maxTiers) where entry.told & (1 << index) != 0 {
            actions.append(.recovered(self.signal(entry, tier, value, now)))
        }
        self.forget(place)
    }

    private mutating func forget(_ place: Int) {
        guard let entry = self.entries[place] else { return }
        self.unlink(Int32(place))
        self.places[entry.key] = nil
        self.entries[place] = nil
        self.free.append(Int32(place))
        if self.isShared { self.gone.append(entry.key) }
    }

    /// Keys that have gone since the last call.
    mutating func takeGone() -> [String] {
        defer { self.gone = [] }
        return self.gone
    }

    private mutating func link(_ place: Int32) {
        self.entries[Int(place)]?.before = -1
        self.entries[Int(place)]?.behind = self.newest
        if self.newest >= 0 { self.entries[Int(self.newest)]?.before = place }
        self.newest = place
        if self.oldest < 0 { self.oldest = place }
    }

    private mutating func unlink(_ place: Int32) {
        guard let entry = self.entries[Int(place)] else { return }
        if entry.before >= 0 {
            self.entries[Int(entry.before)]?.behind = entry.behind
        } else if self.newest == place {
            self.newest = entry.behind
        }
        if entry.behind >= 0 {
            self.entries[Int(entry.behind)]?.before = entry.before
        } else if self.oldest == place {
            self.oldest = entry.before
        }
    }

    /// What is known of a key; nil when it is not watched.
    func entry(of key: String) -> Entry? { self.places[key].flatMap { self.entries[Int($0)] } }

    /// Puts something else in the place of what is known of a key that is watched.
    mutating func change(_ key: String, _ now: Int64, _ change: (inout Entry) -> Void) {
        guard let place = self.places[key].map({ Int($0) }), var entry = self.entries[place] else { return }
        change(&entry)
        self.entries[place] = entry
        self.arm(place)
    }

    /// The keys in the order of their use, the least recent first.
    var inOrder: [Entry] {
        var entries: [Entry] = []
        var place = self.oldest
        while place >= 0, let entry = self.entries[Int(place)] {
            entries.append(entry)
            place = entry.before
        }
        return entries
    }

    /// Puts back a key that was stored, as the one used last.
    mutating func restore(_ key: String, _ now: Int64, _ change: (inout Entry) -> Void) {
        var ignored: [Action] = []
        _ = self.place(of: key, now, &ignored)
        self.change(key, now, change)
    }
}

/// One value of one event.
package struct ThresholdSample: Sendable, Hashable {
    /// What events are kept apart by, for example the tenant; not more than 512 bytes of it are kept.
    package var key: String
    /// 1 where events are counted.
    package var value: Double
    package var runID: String
    package var tenant: String
    /// Tells values apart for `distinct`.
    package var identity: UInt64
    /// When it was heard, if that was before it is handled.
    package var heardAt: Timestamp?

    package init(
        key: String,
        value: Double,
        runID: String = "",
        tenant: String = "",
        distinct: String = "",
        heardAt: Timestamp? = nil
    ) {
        self.heardAt = heardAt
        self.key = key
        self.value = value
        self.runID = runID
        self.tenant = tenant
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in distinct.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        self.identity = ByteView.mix(hash)
    }
}
