package import Events

/// The state of a rule's keys, complete, so that windows survive a restart.
extension ThresholdDetector {
    /// The shape of the buckets and every key with what it holds, the least recently used first.
    package var json: JSONValue {
        .object(self.shape + [JSONMember("keys", .array(self.inOrder.map { .object(self.members(of: $0)) }))])
    }

    /// With another aggregate or other buckets stored numbers mean something else.
    private var shape: [JSONMember] {
        [
            JSONMember("aggregate", .string(self.rule.aggregate.rawValue)),
            JSONMember("bucket_us", .number(String(self.bucketLength))),
        ]
    }

    private func isOfThisShape(_ json: JSONValue) -> Bool { self.shape.allSatisfy { json[$0.name] == $0.value } }

    /// Takes in what was stored of the same rule. False, and nothing is taken in, when it was stored of another one.
    package mutating func restore(_ json: JSONValue, at now: Timestamp) -> Bool {
        guard self.isOfThisShape(json), let keys = json["keys"]?.arrayValue else { return false }
        let instant = self.clock.instant(now)
        // Only the last ones fit when there are fewer places than there were.
        for key in keys.suffix(self.rule.maxKeys) {
            guard let name = key["key"]?.stringValue, let stored = StoredKey(key, self.rule) else { continue }
            self.restore(name, stored, instant)
        }
        return true
    }

    mutating func restore(_ key: String, _ stored: StoredKey, _ instant: Int64) {
        // What another clock has put far ahead would never leave the window.
        let latest = self.bucket(instant &+ self.longestLead)
        let countedUntil = self.countedUntil(stored, instant)
        let (span, length) = (self.span, self.bucketLength)
        self.restore(key, instant) { entry in
            entry.runID = stored.runID
            entry.tenant = stored.tenant
            entry.reached = stored.reached
            entry.told = stored.told
            entry.toldAt = stored.toldAt.map { min($0, instant &+ span) }
            entry.countedUntil = countedUntil
            entry.writtenAt = stored.at
            entry.lastUsed = stored.buckets.last.map { $0.number &* length } ?? .min
            for bucket in stored.buckets where bucket.number <= latest { entry.window.restore(bucket) }
            for value in stored.distinct where value.number <= latest {
                entry.window.restore(value.identity, lastSeen: value.number)
            }
        }
    }

    /// How long a start takes at most, in microseconds: while somebody reads what is written down of a million keys others
    /// go on writing, and what they have counted by then it hears afterwards.
    private var longestLead: Int64 { max(self.bucketLength, 30_000_000) }

    /// Whoever begins while another one goes on, or lags behind it, hears some of what is counted already.
    private func countedUntil(_ stored: StoredKey, _ instant: Int64) -> Int64 {
        min(stored.at, instant &+ self.longestLead)
    }

    // MARK: One key

    /// What is known of a key, and the shape of its buckets; nil when it is not watched.
    ///
    /// - Parameter now: everything that came until then is in it.
    func json(of key: String, at now: Timestamp) -> JSONValue? {
        self.entry(of: key).map { entry in
            // What somebody else had counted is in it, too, when it was not heard here yet.
            let at = max(self.clock.instant(ofReading: now), entry.countedUntil)
            return .object(self.members(of: entry) + self.shape + [JSONMember("at", .number(String(at)))])
        }
    }

    /// Nil for what was stored of another rule.
    func stored(_ json: JSONValue) -> StoredKey? { self.isOfThisShape(json) ? StoredKey(json, self.rule) : nil }

    /// A key as it is stored.
    struct StoredKey {
        var runID: String
        var tenant: String
        /// What came until then is in it.
        var at: Int64
        var reached: UInt64 = 0
        var told: UInt64 = 0
        var toldAt: [Int64] = []
        var buckets: [ThresholdWindow.Bucket]
        var distinct: [(identity: UInt64, number: Int64)]

        /// Tiers go by their names: another file may have others.
        init?(_ json: JSONValue, _ rule: ThresholdRule) {
            guard let buckets = json["buckets"]?.arrayValue else { return nil }
            self.runID = json["run_id"]?.stringValue ?? ""
            self.tenant = json["tenant_id"]?.stringValue ?? ""
            self.at = json["at"]?.intValue.map { Int64($0) } ?? .min
            self.buckets = buckets.compactMap(ThresholdDetector.bucket).sorted { $0.number < $1.number }
            self.distinct = (json["distinct"]?.arrayValue ?? []).compactMap { value in
                guard let parts = value.arrayValue, parts.count == 2, case .number(let identity) = parts[0],
                    let identity = UInt64(identity), let number = parts[1].intValue
                else { return nil }
                return (identity, Int64(number))
            }
            for tier in json["tiers"]?.arrayValue ?? [] {
                guard let name = tier["name"]?.stringValue,
                    let index = rule.tiers.prefix(ThresholdDetector.maxTiers).firstIndex(where: { $0.name == name })
                else { continue }
                if tier["reached"] == .bool(true) { self.reached |= 1 << UInt64(index) }
                if tier["told"] == .bool(true) { self.told |= 1 << UInt64(index) }
                guard let at = tier["told_at"]?.intValue else { continue }
                if self.toldAt.isEmpty { self.toldAt = Array(repeating: .min, count: rule.tiers.count) }
                self.toldAt[index] = Int64(at)
            }
        }
    }

    private func members(of entry: Entry) -> [JSONMember] {
        var members = [
            JSONMember("key", .string(entry.key)), JSONMember("run_id", .string(entry.runID)),
            JSONMember("tenant_id", .string(entry.tenant)), JSONMember("tiers", .array(self.tiers(of: entry))),
        ]
        let buckets = entry.window.buckets.map { bucket -> JSONValue in
            let steps = bucket.histogram.steps.map { JSONValue.array([.number(Int($0.number)), .number($0.count)]) }
            return .array([
                .number(String(bucket.number)), .number(bucket.count), .number(bucket.sum), .number(bucket.maximum),
                .array(steps),
            ])
        }
        members.append(JSONMember("buckets", .array(buckets)))
        if !entry.window.lastSeen.isEmpty {
            let values = entry.window.lastSeen.sorted { $0.key < $1.key }
            let pairs = values.map { JSONValue.array([.number(String($0.key)), .number(String($0.value))]) }
            members.append(JSONMember("distinct", .array(pairs)))
        }
        return members
    }

    /// Those of which there is something to say.
    private func tiers(of entry: Entry) -> [JSONValue] {
        self.rule.tiers.indices.prefix(Self.maxTiers).compactMap { index in
            let bit: UInt64 = 1 << UInt64(index)
            let at = entry.toldAt.indices.contains(index) ? entry.toldAt[index] : .min
            guard (entry.reached | entry.told) & bit != 0 || at > .min else { return nil }
            var members = [JSONMember("name", .string(self.rule.tiers[index].name))]
            if entry.reached & bit != 0 { members.append(JSONMember("reached", .bool(true))) }
            if entry.told & bit != 0 { members.append(JSONMember("told", .bool(true))) }
            if at > .min { members.append(JSONMember("told_at", .number(String(at)))) }
            return .object(members)
        }
    }

    /// Counts that can be added to each other without end.
    private static let plausible = 1...(1 << 48)

    private static func bucket(_ json: JSONValue) -> ThresholdWindow.Bucket? {
        guard let parts = json.arrayValue, parts.count == 5, let number = parts[0].intValue,
            let count = parts[1].intValue, let sum = parts[2].doubleValue, let maximum = parts[3].doubleValue,
            let steps = parts[4].arrayValue, Self.plausible.contains(count)
        else { return nil }
        var bucket = ThresholdWindow.Bucket(number: Int64(number))
        bucket.count = count
        bucket.sum = sum
        bucket.maximum = maximum
        for step in steps {
            guard let parts = step.arrayValue, parts.count == 2,
                let number = parts[0].intValue.flatMap(Int32.init(exactly:)), let count = parts[1].intValue,
                Self.plausible.contains(count)
            else { return nil }
            bucket.histogram.add(step: number, count)
        }
        return bucket
    }
}
