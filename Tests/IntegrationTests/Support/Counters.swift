import Synchronization

/// Counts by name.
final class Counters: Sendable {
    private let counts = Mutex<[String: Int]>([:])

    /// From 1.
    func next(_ name: String) -> Int {
        self.counts.withLock { counts in
            counts[name, default: 0] += 1
            return counts[name] ?? 0
        }
    }
}

/// Something that a test turns on and off.
final class Flag: Sendable {
    private let flag = Mutex(false)

    var value: Bool { self.flag.withLock { $0 } }

    func set(_ value: Bool) { self.flag.withLock { $0 = value } }
}
