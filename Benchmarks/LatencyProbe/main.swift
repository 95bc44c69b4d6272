import Glibc
import Logging
import ReactorRuntime
import Synchronization

// How long an event takes from its publisher's clock to a handler of the reactor: the reactor as an embedded library, eleven
// exact handlers and one for all types, inline.
//
//     latency-probe unix:///path/to/redis.sock EVENTS
//
// Prints a line when it is subscribed, and one of JSON when EVENTS were seen or none came for two seconds.

let types = [
    "run.started", "run.step.completed", "run.completed", "run.failed", "incident.created", "incident.resolved",
    "policy.evaluated", "threshold.exceeded", "trace.started", "trace.completed", "audit.reconciliation.missing",
]
let mark = Array("\"sent_ns\": ".utf8)

func monotonic() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// The publisher's clock, written into the payload.
func stamp(in payload: UnsafeRawBufferPointer) -> Int64? {
    guard var at = payload.baseAddress else { return nil }
    let end = at + payload.count
    while let found = memchr(at, Int32(mark[0]), end - at) {
        let quote = UnsafeRawPointer(found)
        guard end - quote > mark.count else { return nil }
        if memcmp(quote, mark, mark.count) == 0 {
            // The first of the digits is a one that belongs to the format, not to the time.
            let start = quote + mark.count + 1
            let digits = UnsafeRawBufferPointer(start: start, count: end - start).prefix { $0 >= 0x30 && $0 <= 0x39 }
            return digits.reduce(0) { sum, digit in sum * 10 + Int64(digit - 0x30) }
        }
        at = quote + 1
    }
    return nil
}

final class Latencies: Sendable {
    private let seen: Mutex<(times: [Int64], last: Int64)>

    init(capacity: Int) {
        var times: [Int64] = []
        times.reserveCapacity(capacity)
        self.seen = Mutex((times, 0))
    }

    func add(_ sent: Int64, seenAt now: Int64) {
        self.seen.withLock { seen in
            seen.times.append(now - sent)
            seen.last = now
        }
    }

    var progress: (count: Int, last: Int64) { self.seen.withLock { ($0.times.count, $0.last) } }

    var sorted: [Int64] { self.seen.withLock { $0.times.sorted() } }
}

let arguments = CommandLine.arguments
guard arguments.count == 3, let wanted = Int(arguments[2]) else {
    print("usage: latency-probe unix:///path/to/redis.sock EVENTS")
    exit(64)
}
let latencies = Latencies(capacity: wanted)
let logger = Logger(label: "latency-probe") { _ in SwiftLogNoOpLogHandler() }
let reactor = try Reactor(redisURL: arguments[1], settings: .init(instance: "latency-probe"), logger: logger)
for type in types {
    try reactor.onInline(type) { _ in }
}
try reactor.onInline("*", name: "all") { event in
    // First of all, as the C reader does: looking for the stamp is not the reactor's.
    let now = monotonic()
    event.withPayload { payload in
        if let sent = stamp(in: payload) { latencies.add(sent, seenAt: now) }
    }
}
try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await reactor.run() }
    while !(await reactor.isReady) { try await Task.sleep(for: .milliseconds(5)) }
    print("ready")
    fflush(nil)
    while latencies.progress.count < wanted {
        try await Task.sleep(for: .milliseconds(20))
        let (count, last) = latencies.progress
        if count > 0, monotonic() - last > 2_000_000_000 { break }
    }
    reactor.stop()
}
let sorted = latencies.sorted
func microseconds(_ share: Int) -> Double {
    sorted.isEmpty ? 0 : Double(sorted[min(sorted.count - 1, sorted.count * share / 100)] / 100) / 10
}
print("{\"received\": \(sorted.count), \"p50_us\": \(microseconds(50)), \"p99_us\": \(microseconds(99))}")
