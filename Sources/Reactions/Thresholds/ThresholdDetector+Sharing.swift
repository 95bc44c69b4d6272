import Events

/// One key that several reactors watch, each of which hears the same.
extension ThresholdDetector {
    /// Whether a window is kept of a key.
    func knows(_ key: String) -> Bool { self.entry(of: key) != nil }

    /// How many numbers are kept of a key, about; nil when it is not watched.
    func weight(of key: String) -> Int? {
        self.entry(of: key).map { entry in
            let steps = entry.window.buckets.reduce(0) { $0 + $1.histogram.steps.count }
            return 8 + 4 * entry.window.buckets.count + 2 * (steps + entry.window.lastSeen.count)
        }
    }

    /// What is known of a key is written down.
    ///
    /// - Parameter now: everything that came until then is in it.
    mutating func confirm(_ key: String, at now: Timestamp) {
        let at = self.clock.instant(ofReading: now)
        self.change(key, at) { $0.writtenAt = at }
    }

    /// Whether something was written down after what is known here to be written.
    func isLater(_ stored: StoredKey, than key: String) -> Bool {
        self.entry(of: key).map { stored.at > $0.writtenAt } ?? true
    }

    /// Puts back a key as the one used last.
    mutating func restore(_ key: String, _ stored: StoredKey, at now: Timestamp) {
        self.restore(key, stored, self.clock.instant(now))
    }

    /// Takes in what another reactor has written down of a key: what it has told is told, and what it has added up counts
    /// where this reactor has not heard everything itself.
    ///
    /// - Parameters:
    ///   - stored: Nil when nothing is kept any more, or nothing that can be understood.
    ///   - found: What was found here and is not written down yet, in order.
    ///   - heardSince: From when on this reactor has heard everything.
    /// - Returns: the places of what of that is left to be told.
    mutating func adopt(
        _ key: String,
        _ stored: StoredKey?,
        _ found: [Action],
        heardSince: Timestamp?,
        at now: Timestamp
    ) -> [Int] {
        let instant = self.clock.instant(now)
        let (left, told) = self.left(of: found, after: stored)
        guard let stored else { return left }
        if !self.knows(key) {
            // It has ended here, and whoever wrote it may be gone: time will tell. Of too many keys one had to go.
            if self.count < self.rule.maxKeys { self.restore(key, stored.heard(until: instant), instant) }
            return left
        }
        let last = self.bucket(heardSince.map { self.clock.instant(ofReading: $0) } ?? instant)
        let unheard = self.first(instant)..<max(self.first(instant), last &+ 1)
        let (aggregate, span) = (self.rule.aggregate, self.span)
        let current = self.bucket(instant)
        // Of what comes in later buckets nothing is taken over.
        let countedUntil = min(stored.at, unheard.upperBound &* self.bucketLength &- 1)
        self.change(key, instant) { entry in
            entry.told = told.told
            entry.toldAt = told.toldAt.map { min($0, instant &+ span) }
            let hasMore = stored.buckets.contains { bucket in
                bucket.number >= current && unheard.contains(bucket.number)
                    && bucket.count > entry.window.count(in: bucket.number)
            }
            if hasMore { entry.countedUntil = max(entry.countedUntil, countedUntil) }
            entry.writtenAt = stored.at
            entry.window = entry.window.merged(with: stored, in: unheard, aggregate)
        }
        return left
    }

    /// What is left to be told when somebody else has told what is stored, and what is told then.
    private func left(of found: [Action], after stored: StoredKey?) -> (left: [Int], told: Entry) {
        var told = Entry(key: "", window: ThresholdWindow(self.rule.aggregate), runID: "", tenant: "", generation: 0)
        told.told = stored?.told ?? 0
        told.toldAt = stored?.toldAt ?? []
        var left: [Int] = []
        for (place, action) in found.enumerated() {
            let signal = action.signal
            guard
                let index = self.rule.tiers.prefix(Self.maxTiers).firstIndex(where: { $0.name == signal.tier })
            else { continue }
            let at = self.clock.instant(ofReading: signal.at)
            let isTold = told.told & (1 << UInt64(index)) != 0
            // Somebody may have gone on since.
            guard isTold == action.isEnd, told.toldAt.isEmpty || told.toldAt[index] <= at else { continue }
            told.tell(index, !action.isEnd, of: self.rule.tiers.count, at: at)
            left.append(place)
        }
        return (left, told)
    }
}

extension ThresholdDetector.Action {
    var signal: ThresholdSignal {
        switch self {
        case .exceeded(let signal), .recovered(let signal): signal
        }
    }

    var isEnd: Bool { if case .recovered = self { true } else { false } }
}

extension ThresholdDetector.StoredKey {
    /// Of what is written down by one who is ahead only what he has told; the events are still to be heard here.
    fileprivate func heard(until instant: Int64) -> Self {
        guard self.at > instant else { return self }
        var told = self
        (told.reached, told.buckets, told.distinct, told.at) = (0, [], [], .min)
        return told
    }
}

extension ThresholdWindow {
    fileprivate func count(in number: Int64) -> Int { self.buckets.last { $0.number == number }?.count ?? 0 }

    /// With what somebody else has added up in buckets of which not everything was heard here: of each the one that holds
    /// more, so that nothing counts twice. Of newer ones what was heard here counts, for two clocks never begin a bucket
    /// at the same instant.
    fileprivate func merged(
        with stored: ThresholdDetector.StoredKey,
        in unheard: Range<Int64>,
        _ aggregate: ThresholdRule.Aggregate
    ) -> ThresholdWindow {
        guard stored.buckets.contains(where: { unheard.contains($0.number) }) else { return self }
        var buckets: [Int64: Bucket] = [:]
        for bucket in self.buckets { buckets[bucket.number] = bucket }
        for bucket in stored.buckets where unheard.contains(bucket.number) {
            if bucket.count > buckets[bucket.number]?.count ?? 0 { buckets[bucket.number] = bucket }
        }
        var window = ThresholdWindow(aggregate)
        for number in buckets.keys.sorted() { if let bucket = buckets[number] { window.restore(bucket) } }
        for (identity, number) in self.lastSeen { window.restore(identity, lastSeen: number) }
        for value in stored.distinct where unheard.contains(value.number) && buckets[value.number] != nil {
            window.restore(value.identity, lastSeen: max(self.lastSeen[value.identity] ?? .min, value.number))
        }
        return window
    }
}
