/// The marks of alerts that stand and hold others back. Instants are those of the gate.
struct InhibitionBoard: Sendable, Hashable {
    struct Mark: Sendable, Hashable {
        var until: Int64
        var fingerprint: Fingerprint
        var alertID: String
    }

    private var marks: [String: [Fingerprint: Mark]] = [:]
    private var count = 0
    /// Marks at which those that have ended are looked for everywhere.
    private var sweepAt = 1024

    mutating func leave(_ keys: InhibitionKeys, _ fingerprint: Fingerprint, alertID: String, at now: Int64) {
        for source in keys.sources {
            let mark = Mark(until: now &+ source.hold, fingerprint: fingerprint, alertID: alertID)
            if self.marks[source.key, default: [:]].updateValue(mark, forKey: fingerprint) == nil { self.count += 1 }
        }
        guard self.count >= self.sweepAt else { return }
        for key in Array(self.marks.keys) { self.forgetEnded(key, now) }
        // Each mark is looked at a bounded number of times.
        self.sweepAt = max(1024, self.count * 2)
    }

    /// The rule and the mark that hold an alert back: the first such rule, of its marks the one that stands longest.
    mutating func holding(_ keys: InhibitionKeys, at now: Int64) -> (rule: String, mark: Mark)? {
        for target in keys.targets {
            var longest: Mark?
            for key in target.keys {
                self.forgetEnded(key, now)
                guard let mark = self.marks[key]?.values.max(by: Self.standsShorter) else { continue }
                if longest.map({ $0.until < mark.until }) ?? true { longest = mark }
            }
            if let longest { return (target.rule, longest) }
        }
        return nil
    }

    mutating func remove(_ fingerprint: Fingerprint, from keys: Set<String>) {
        for key in keys {
            guard self.marks[key]?.removeValue(forKey: fingerprint) != nil else { continue }
            self.count -= 1
            if self.marks[key]?.isEmpty == true { self.marks[key] = nil }
        }
    }

    private mutating func forgetEnded(_ key: String, _ now: Int64) {
        guard let marks = self.marks[key], marks.values.contains(where: { $0.until <= now }) else { return }
        let left = marks.filter { $0.value.until > now }
        self.count -= marks.count - left.count
        self.marks[key] = left.isEmpty ? nil : left
    }

    /// Of those that stand equally long the one with the higher fingerprint counts, as everywhere.
    private static func standsShorter(_ lhs: Mark, _ rhs: Mark) -> Bool {
        (lhs.until, lhs.fingerprint.value) < (rhs.until, rhs.fingerprint.value)
    }
}
