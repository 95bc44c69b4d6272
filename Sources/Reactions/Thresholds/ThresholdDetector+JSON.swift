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
        for key in keys.suffix(self.rule.maxKeys) {
            guard let name = key["key"]?.stringValue, let buckets = key["buckets"]?.arrayValue else { continue }
            self.restore(name, instant) { entry in
                entry.runID = key["run_id"]?.stringValue ?? ""
                entry.tenant = key["tenant_id"]?.stringValue ?? ""
                entry.reached = Self.bits(key["reached"])
                entry.told = Self.bits(key["told"])
                for bucket in buckets.compactMap(Self.bucket) { entry.window.restore(bucket) }
                for value in key["distinct"]?.arrayValue ?? [] {
                    guard let parts = value.arrayValue, parts.count == 2, case .number(let identity) = parts[0],
                        let identity = UInt64(identity), let number = parts[1].intValue
                    else { continue }
                    entry.window.restore(identity, lastSeen: Int64(number))
                }
            }
        }
        return true
    }

    private static func json(_ entry: Entry) -> JSONValue {
        var members = [
            JSONMember("key", .string(entry.key)), JSONMember("run_id", .string(entry.runID)),
            JSONMember("tenant_id", .string(entry.tenant)),
            JSONMember("reached", .number(String(entry.reached))), JSONMember("told", .number(String(entry.told))),
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
