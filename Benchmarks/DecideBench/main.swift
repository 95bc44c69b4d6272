import Events
import Glibc
import Logging
import NIOPosix
import Reactions
import RedisClient
import Stores

// How fast alerts are decided, and whether the books are complete afterwards.
//
//     decide-bench memory ALERTS TENANTS    (tenants: a power of two)
//     decide-bench redis unix:///path/to/redis.sock ALERTS
//
// The second one decides ALERTS in batches on one connection, then single ones at 1,000 a second for ten seconds, then
// plans the deliveries of everything, reads all receipts back and compares them with what was answered; at last it asks
// for the receipts and deliveries of single runs, as `explain` does. Prints one line of JSON.

func report(_ fields: [(String, Any)]) {
    print("{" + fields.map { "\"\($0)\": \($1)" }.joined(separator: ", ") + "}")
}

func rounded(_ value: Double, _ digits: Double = 1) -> Double { (value * digits).rounded() / digits }

func memory(_ count: Int, tenants: Int) async throws {
    let store = MemoryStateStore(settings: try GeneratedAlerts.settings(), instance: "bench") { GeneratedAlerts.start }
    let clock = ContinuousClock()
    var spent = Duration.zero
    var sent = 0
    for first in stride(from: 0, to: count, by: 256) {
        let batch = (first..<min(first + 256, count)).map { GeneratedAlerts.alert($0, tenants: tenants) }
        spent += clock.measure { sent += store.decideNow(batch).count { $0.verdict.isSent } }
    }
    report([("alerts", count), ("sent", sent), ("decisions_per_second", Int(Double(count) / spent.inSeconds))])
}

func redis(_ url: String, _ count: Int) async throws {
    let endpoint = try RedisEndpoint(url: url)
    func client(_ name: String) -> RedisCommandClient {
        RedisCommandClient(
            endpoint: endpoint,
            clientName: name,
            eventLoop: MultiThreadedEventLoopGroup.singleton.next(),
            logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        )
    }
    let (commands, notices) = (client("decisions"), client("notices"))
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await commands.run() }
        group.addTask { await notices.run() }
        let bench = try DecideBench(commands, notices, receipts: count + 20_000)
        report(try await bench.run(count))
        group.cancelAll()
    }
}

let arguments = CommandLine.arguments
switch (arguments.dropFirst().first, arguments.dropFirst(2).first, arguments.last.flatMap { Int($0) }, arguments.count)
{
case ("memory", let text?, let tenants?, 4) where tenants > 0 && tenants.nonzeroBitCount == 1 && Int(text) ?? 0 > 0:
    try await memory(Int(text) ?? 0, tenants: tenants)
case ("redis", let url?, let count?, 4) where count > 0: try await redis(url, count)
default:
    print("usage: decide-bench memory ALERTS TENANTS | decide-bench redis URL ALERTS")
    exit(64)
}
