// The reactor as a library with twelve handlers, one of which looks at the time stamp inside each event:
//
//     latency-probe REDIS_URL COUNT
//
// Prints "ready" once the subscription is proven, and when COUNT events have come, or none for two seconds, one JSON
// line: how long an event takes from the publisher's clock to its handler. See Benchmarks/c/read.c for the other side.
import Glibc
import Logging
import ReactorRuntime
import Synchronization

let arguments = CommandLine.arguments
guard arguments.count == 3, let total = Int(arguments[2]) else {
    print("usage: latency-probe REDIS_URL COUNT")
    exit(64)
}

let latencies = LatencyLog(capacity: total)
let quiet = Logger(label: "latency-probe") { _ in SwiftLogNoOpLogHandler() }
let reactor = try Reactor(redisURL: arguments[1], settings: ReactorSettings(instance: "latency-probe"), logger: quiet)
for type in LatencyLog.eventTypes { try reactor.onInline(type, name: type) { _ in } }
try reactor.onInline("*", name: "latency") { event in event.withPayload { latencies.note($0) } }

try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await reactor.run() }
    while !(await reactor.health().isReady) { try await Task.sleep(for: .milliseconds(5)) }
    print("ready")
    fflush(nil)
    await latencies.waitUntilQuiet()
    print(latencies.summary)
    reactor.stop()
    try await group.waitForAll()
}
