import Glibc
import Synchronization

/// How long each event was under way.
final class LatencyLog: Sendable {
    static let eventTypes = [
        "run.started", "run.completed", "run.failed", "incident.created", "incident.resolved", "policy.evaluated",
        "threshold.exceeded", "trace.started", "trace.completed", "audit.reconciliation.missing",
        "audit.reconciliation.drift",
    ]

    private let capacity: Int
    /// Nanoseconds. Written by the reactor's loop; the lock is free but for the last look.
    private let nanoseconds: Mutex<[Int64]>

    init(capacity: Int) {
        self.capacity = capacity
        var reserved: [Int64] = []
        reserved.reserveCapacity(capacity)
        self.nanoseconds = Mutex(reserved)
    }

    /// Notes an event that is being handled now.
    func note(_ payload: UnsafeRawBufferPointer) {
        guard let sent = Self.stamp(in: payload) else { return }
        let latency = Self.now() - sent
        self.nanoseconds.withLock { if $0.count < self.capacity { $0.append(latency) } }
    }

    /// Returns when all events have come, or when none has come for two seconds after the first.
    func waitUntilQuiet() async {
        var seen = 0
        var quietTicks = 0
        while seen < self.capacity, quietTicks < 20 || seen == 0 {
            do { try await Task.sleep(for: .milliseconds(100)) } catch { return }
            let count = self.nanoseconds.withLock { $0.count }
            quietTicks = count == seen ? quietTicks + 1 : 0
            seen = count
        }
    }

    /// One line of JSON.
    var summary: String {
        let sorted = self.nanoseconds.withLock { $0 }.sorted()
        guard !sorted.isEmpty else { return #"{"received": 0}"# }
        let median = Double(sorted[sorted.count / 2]) / 1000
        let high = Double(sorted[sorted.count * 99 / 100]) / 1000
        return #"{"received": \#(sorted.count), "p50_us": \#(median), "p99_us": \#(high)}"#
    }

    /// The number behind `"sent_ns": `: nineteen digits, of which the first only keeps the number from beginning with
    /// a zero.
    private static func stamp(in payload: UnsafeRawBufferPointer) -> Int64? {
        let mark: StaticString = "\"sent_ns\": "
        let digits = 19
        guard let base = payload.baseAddress else { return nil }
        let marks = 0..<max(0, payload.count - mark.utf8CodeUnitCount - digits)
        guard let found = marks.first(where: { memcmp(base + $0, mark.utf8Start, mark.utf8CodeUnitCount) == 0 })
        else { return nil }
        let first = found + mark.utf8CodeUnitCount
        return payload[(first + 1)..<(first + digits)].reduce(0) { $0 * 10 + Int64($1 & 0x0F) }
    }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
