import Events
import Glibc
import Logging
import NIOPosix
import Reactions
import ReactorRuntime
import RedisClient
import Stores

// What the audit contract costs with its state in Redis.
//
//     machine-bench --redis URL [--runs N] [--events N] [--deadlines N]
//
// Prints one line of JSON for each case: `--events` events of contracts (200,000), each of which is written down; `--runs`
// open runs that are read back by a reactor that starts (1,000,000); `--deadlines` runs that become stale in one minute
// (100,000), each of which is found, written down and published.

func text(_ name: String, otherwise value: String) -> String {
    guard let index = CommandLine.arguments.firstIndex(of: name), index + 1 < CommandLine.arguments.count else {
        return value
    }
    return CommandLine.arguments[index + 1]
}

func option(_ name: String, otherwise value: Int) -> Int { Int(text(name, otherwise: "\(value)")) ?? value }

/// As long as the ids of the original, which are UUIDs.
func runID(_ number: Int) -> String {
    let digits = String(number)
    return "bd19bb66-393c-4fbc-a130-" + String(repeating: "0", count: max(0, 12 - digits.count)) + digits
}

/// The machines of one reactor, on the store.
struct Bench {
    let machines = MachineSet()
    let number: Int
    /// One for all events, as the subscription has it.
    let decoder = EnvelopeDecoder()
    let sharing: MachineSharing

    /// - Parameter timeout: how long runs may take; of those nothing else is expected. Nil for the standard four, with so
    ///   much time that none of them is missed on a machine however slow.
    init(_ store: RedisMachineStore, name: String, timeout: Duration?) {
        var definition = ContractDefinition(name: name)
        definition.runTimeout = timeout ?? .seconds(7200)
        definition.grace = .zero
        definition.expectations =
            timeout == nil ? definition.expectations.map { .init($0.action, within: .seconds(3600)) } : []
        self.number = self.machines.number(of: name, .contract(definition))
        self.sharing = MachineSharing(store: store, machines: self.machines, logger: Logger(label: "bench")) { event in
            let writer = EnvelopeWriter(
                eventType: event.eventType,
                timestamp: PipelineClock.system.wall(),
                source: "bench",
                payload: event.payload
            )
            return ("aos.bench", writer.bytes)
        }
    }

    func moment(_ now: Timestamp) -> MachineMoment { MachineMoment(now: now) { "00000000000000000000000000" } }

    /// An event as it is read from the channel.
    func frame(_ type: String, _ run: Int, at time: Timestamp) -> [UInt8] {
        let members = [JSONMember("run_id", .string(runID(run))), JSONMember("tenant_id", "tenant-7")]
        return EnvelopeWriter(eventType: type, timestamp: time, source: "bench", payload: .object(members)).bytes
    }

    func handle(_ frame: [UInt8], at now: Timestamp) -> [MachineOutput] {
        let event = frame.withUnsafeBytes { bytes in
            guard case .envelope(let envelope) = self.decoder.decode(ByteView(bytes), arrivedAt: now) else {
                fatalError("no event")
            }
            return Event(envelope, arrival: 0)
        }
        return self.machines.handle(event, machine: self.number, self.moment(now))
    }
}

let clock = PipelineClock.system

/// Events that are handled before what they have changed is written down, as in a reactor.
let batch = option("--batch", otherwise: 1024)

func seconds(since start: UInt64) -> Double { Double(clock.monotonic() - start) / 1e9 }

/// Runs that do all they should, 10,000 of them at a time; each batch is written down before the next one.
func rate(_ store: RedisMachineStore, events: Int) async {
    let bench = Bench(store, name: "rate", timeout: nil)
    await bench.sharing.load(bench.moment(clock.wall()))
    let types = ["run.started", "incident.created", "policy.evaluated", "trace.started", "run.completed"]
    let open = 10_000
    // Producers write them, not the reactor.
    let written = clock.wall()
    let frames = (0..<events).map { number in
        let round = number / open
        return bench.frame(types[round % types.count], round / types.count * open + number % open, at: written)
    }
    let start = clock.monotonic()
    var handled = 0
    while handled < events {
        let now = clock.wall()
        var outputs: [MachineOutput] = []
        for frame in frames[handled..<min(handled + batch, events)] { outputs += bench.handle(frame, at: now) }
        handled = min(handled + batch, events)
        _ = await bench.sharing.settle(outputs, bench.moment(now))
    }
    let rate = Int(Double(handled) / seconds(since: start))
    print(#"{"case": "contract_events_redis", "events": \#(handled), "events_per_s": \#(rate), "goal": 50000}"#)
}

/// Open runs that were written down, read by a reactor that knows nothing.
func reload(_ store: RedisMachineStore, runs: Int) async {
    let writer = Bench(store, name: "reload", timeout: .seconds(86_400))
    await writer.sharing.load(writer.moment(clock.wall()))
    var written = 0
    while written < runs {
        let now = clock.wall()
        let end = min(runs, written + 8192)
        for run in written..<end { _ = writer.handle(writer.frame("run.started", run, at: now), at: now) }
        _ = await writer.sharing.settle([], writer.moment(now))
        written = end
    }
    let reader = Bench(store, name: "reload", timeout: .seconds(86_400))
    let start = clock.monotonic()
    await reader.sharing.load(reader.moment(clock.wall()))
    let elapsed = seconds(since: start)
    let kept = reader.machines.figures.first?.figures.kept ?? 0
    precondition(kept == runs, "\(kept) of \(runs) runs were read")
    print(#"{"case": "reload_redis", "runs": \#(runs), "seconds": \#(elapsed), "goal_seconds": 30}"#)
}

/// Runs whose deadlines all fall in one minute.
func deadlines(_ store: RedisMachineStore, runs: Int) async {
    let bench = Bench(store, name: "deadlines", timeout: .seconds(60))
    await bench.sharing.load(bench.moment(clock.wall()))
    let begin = clock.wall()
    // They began in the last minute, but for the time that telling it takes.
    let lead: Int64 = 10_000_000
    for run in 0..<runs {
        let at = Timestamp(microseconds: begin.microseconds - 60_000_000 + lead + Int64(run) * 60_000_000 / Int64(runs))
        _ = bench.handle(bench.frame("run.started", run, at: at), at: at)
        if run % 8192 == 8191 { _ = await bench.sharing.settle([], bench.moment(at)) }
    }
    _ = await bench.sharing.settle([], bench.moment(clock.wall()))
    let isEarly = (bench.machines.nextDeadline.map { $0 > clock.wall() }) ?? false
    var late: [Int64] = []
    while late.count < runs, let due = bench.machines.nextDeadline {
        let wait = due - clock.wall()
        if wait > .zero { try? await Task.sleep(for: wait) }
        let now = clock.wall()
        for settled in await bench.sharing.settle(bench.machines.advance(bench.moment(now)), bench.moment(now)) {
            let done = clock.wall().microseconds
            for output in settled.outputs {
                guard case .react(.publish(let event)) = output.content,
                    let text = event.payload["expected_finalize_by"]?.stringValue,
                    let at = Timestamp.parse(iso8601: text)
                else { continue }
                late.append(done - at.timestamp.microseconds)
            }
        }
    }
    late.sort()
    precondition(late.count == runs && late[0] >= 0, "found too early, or not at all")
    let p99 = Double(late[late.count * 99 / 100]) / 1000
    let worst = Double(late[late.count - 1]) / 1000
    print(
        #"{"case": "deadlines_redis", "runs": \#(runs), "in_time_for_the_first": \#(isEarly), "late_p99_ms": \#(p99), "late_worst_ms": \#(worst), "goal_p99_ms": 250}"#
    )
}

let client = RedisCommandClient(
    endpoint: try RedisEndpoint(url: text("--redis", otherwise: "redis://127.0.0.1:6379")),
    clientName: "machine-bench",
    eventLoop: MultiThreadedEventLoopGroup.singleton.any(),
    logger: Logger(label: "bench")
)
await withDiscardingTaskGroup { group in
    group.addTask { await client.run() }
    let store = RedisMachineStore(commands: client, namespace: "bench-\(clock.wall().microseconds)")
    await rate(store, events: option("--events", otherwise: 200_000))
    await deadlines(store, runs: option("--deadlines", otherwise: 100_000))
    await reload(store, runs: option("--runs", otherwise: 1_000_000))
    await client.stop()
    group.cancelAll()
}
