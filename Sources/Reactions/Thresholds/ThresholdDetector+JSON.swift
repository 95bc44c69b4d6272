package import Events

/// The state of a rule's keys, complete, so that windows survive a restart.
extension ThresholdDetector {
    /// The shape of the buckets and every key with what it holds, the least recently used first.
    package var json: JSONValue {
        .object([
            JSONMember("aggregate", .string(self.rule.aggregate.rawValue)),
            JSONMember("bucket_us", .number(String(self.bucketLength))),
            JSONMember("keys", .array(self.inOrder.map(Self.json))),
        ])
    }

    /// Takes in what was stored of the same rule. False, and nothing is taken in, when it was stored of another one: with
    /// another aggregate or other buckets its numbers mean something else.
    package mutating func restore(_ json: JSONValue, at now: Timestamp) -> Bool {
        guard json["aggregate"]?.stringValue == self.rule.aggregate.rawValue,
            json["bucket_us"]?.intValue == Int(self.bucketLength), let keys = json["keys"]?.arrayValue
        else { return false }
        let instant = self.clock.instant(now)
        // Only the last ones fit when there are fewer places than there were.
        for key in keys.suffix(self.rule.maxKeys) { self.restore(key: key, instant) }
        return true
    }

    private mutating func restore(key: JSONValue, _ instant: Int64) {
        guard let name = key["key"]?.stringValue, let stored = StoredKey(key) else { return }
        self.restore(name, instant) { entry in
            entry.runID = stored.runID
            entry.tenant = stored.tenant
            entry.reached = stored.reached
            entry.told = stored.told
            entry.toldAt = stored.toldAt
            for bucket in stored.buckets { entry.window.restore(bucket) }
            for value in stored.distinct { entry.window.restore(value.identity, lastSeen: value.number) }
        }
    }

    // MARK: One key, shared by several

    /// What is known of a key, and the shape of its buckets; nil when it is not watched.
    func json(of key: String) -> JSONValue? {
        guard let entry = self.entry(of: key), case .object(let members) = Self.json(entry) else { return nil }
        return .object(
            members + [
                JSONMember("aggregate", .string(self.rule.aggregate.rawValue)),
                JSONMember("bucket_us", .number(String(self.bucketLength))),
            ]
        )
    }

    /// Takes in what somebody else knows of a key, who has heard the same: of each bucket the one that holds more counts,
    /// so that nothing is counted twice and nothing is missing that one of them has heard. What was told last holds.
    mutating func merge(_ key: String, _ json: JSONValue, at now: Timestamp) {
        guard json["aggregate"]?.stringValue == self.rule.aggregate.rawValue,
            json["bucket_us"]?.intValue == Int(self.bucketLength), let stored = StoredKey(json)
        else { return }
        let instant = self.clock.instant(now)
        guard self.entry(of: key) != nil else { return self.restore(key: json, instant) }
        let aggregate = self.rule.aggregate
        self.change(key, instant) { entry in
            var buckets: [Int64: ThresholdWindow.Bucket] = [:]
            for bucket in entry.window.buckets + stored.buckets
            where bucket.count > buckets[bucket.number]?.count ?? 0 { buckets[bucket.number] = bucket }
            var distinct = entry.window.lastSeen
            for value in stored.distinct {
                distinct[value.identity] = max(distinct[value.identity] ?? .min, value.number)
            }
            entry.window = ThresholdWindow(aggregate)
            for number in buckets.keys.sorted() { if let bucket = buckets[number] { entry.window.restore(bucket) } }
            for (identity, number) in distinct { entry.window.restore(identity, lastSeen: number) }
            if stored.toldAt > entry.toldAt {
                (entry.told, entry.reached, entry.toldAt) = (stored.told, stored.reached, stored.toldAt)
            }
        }
    }

    /// What was told of a key, as it is stored: one bit a tier, and when.
    static func told(_ json: JSONValue) -> (told: UInt64, at: Timestamp) {
        (Self.bits(json["told"]), Timestamp(microseconds: json["told_at"]?.intValue.map { Int64($0) } ?? .min))
    }

    /// A key as it is stored.
    private struct StoredKey {
        var runID: String
        var tenant: String
        var reached: UInt64
        var told: UInt64
        var toldAt: Int64
        var buckets: [ThresholdWindow.Bucket]
        var distinct: [(identity: UInt64, number: Int64)]

        init?(_ json: JSONValue) {
            guard let buckets = json["buckets"]?.arrayValue else { return nil }
            self.runID = json["run_id"]?.stringValue ?? ""
            self.tenant = json["tenant_id"]?.stringValue ?? ""
            self.reached = ThresholdDetector.bits(json["reached"])
            self.told = ThresholdDetector.bits(json["told"])
            self.toldAt = json["told_at"]?.intValue.map { Int64($0) } ?? .min
            self.buckets = buckets.compactMap(ThresholdDetector.bucket)
            self.distinct = (json["distinct"]?.arrayValue ?? []).compactMap { value in
                guard let parts = value.arrayValue, parts.count == 2, case .number(let identity) = parts[0],
                    let identity = UInt64(identity), let number = parts[1].intValue
                else { return nil }
                return (identity, Int64(number))
            }
        }
    }

    private static func json(_ entry: Entry) -> JSONValue {
        var members = [
            JSONMember("key", .string(entry.key)), JSONMember("run_id", .string(entry.runID)),
            JSONMember("tenant_id", .string(entry.tenant)),
            JSONMember("reached", .number(String(entry.reached))), JSONMember("told", .number(String(entry.told))),
        ]
        if entry.toldAt > .min { members.append(JSONMember("told_at", .number(String(entry.toldAt)))) }
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
        return .object(members)
    }

    private static func bits(_ value: JSONValue?) -> UInt64 {
        guard case .number(let text) = value else { return 0 }
        return UInt64(text) ?? 0
    }

    private static func bucket(_ json: JSONValue) -> ThresholdWindow.Bucket? {
        guard let parts = json.arrayValue, parts.count == 5, let number = parts[0].intValue,
            let count = parts[1].intValue, let sum = parts[2].doubleValue, let maximum = parts[3].doubleValue,
            let steps = parts[4].arrayValue
        else { return nil }
        var bucket = ThresholdWindow.Bucket(number: Int64(number))
        bucket.count = count
        bucket.sum = sum
        bucket.maximum = maximum
        for step in steps {
            guard let parts = step.arrayValue, parts.count == 2,
                let number = parts[0].intValue.flatMap(Int32.init(exactly:)), let count = parts[1].intValue, count > 0
            else { return nil }
            bucket.histogram.add(step: number, count)
        }
        return bucket
    }
}
