import EventPatterns
import Events
import Glibc
import Reactions
import ReactorRuntime
import RedisClient

// What each stage of the way of an event costs one thread, in memory: no sockets, no kernel, no other process.
//
//     stage-bench [--rounds N] [--events N]
//
// Prints one line of JSON. The events and the twelve handlers are those of the flood.

/// The events of a few reads, as they lie in a receive buffer.
struct Recording {
    static let types = [
        "run.started", "run.completed", "run.failed", "incident.created", "incident.resolved", "policy.evaluated",
        "threshold.exceeded", "trace.started", "trace.completed", "audit.reconciliation.missing",
        "audit.reconciliation.drift",
    ]
    static let eventBytes = 300

    let bytes: UnsafeMutableRawBufferPointer
    let count: Int

    init(events count: Int) {
        let frames = (0..<count).map { number in
            let event = Self.event(number)
            return "*3\r\n$7\r\nmessage\r\n$10\r\naos.events\r\n$\(event.utf8.count)\r\n\(event)\r\n"
        }
        let text = Array(frames.joined().utf8)
        self.bytes = .allocate(byteCount: text.count + 64, alignment: 64)
        self.bytes.copyBytes(from: text)
        self.count = count
    }

    private static func event(_ number: Int) -> String {
        let run = String(String(1_000_000 + number % 1000).dropFirst())
        let head =
            #"{"event_type": "\#(types[number % types.count])", "timestamp": "2026-11-20T23:15:12.223220+00:00", "#
            + #""source": "aos", "payload": {"run_id": "run-\#(run)", "tenant_id": "tenant-\#(number % 7)", "#
            + #""sent_ns": 1000123456789012345, "note": ""#
        return head + String(repeating: "x", count: max(0, eventBytes - head.utf8.count - 3)) + #""}}"#
    }

    /// The messages, as a subscription hands them over.
    func batch() -> MessageBatch {
        MessageBatch(reading: UnsafeRawBufferPointer(rebasing: self.bytes[..<(self.bytes.count - 64)]))
    }
}

/// Nobody listens: the handlers of the flood want nothing done.
struct NoPort: ReactionPort {
    var logRank: Int { 1 }
    func raise(_ alert: Alert) -> Bool { true }
    func resolve(_ resolution: Resolution) -> Bool { true }
    func publish(_ event: OutgoingEvent) {}
    func enqueue(_ event: Event, lane: Int, type: String) {}
    func feed(_ event: Event, machine: Int) -> Bool { true }
    func sighted(_ sighting: PeerSighting) {}
    func overload(_ action: OverloadEpisode.Action) {}
    func missed(_ loss: SequenceTracker.Loss) {}
    func quarantined(_ entry: QuarantineEntry) {}
    func log(_ level: LogAction.Level, _ message: String, handler: String) {}
    func cut(_ event: OutgoingEvent) {}
    func failed(handler: String, _ reason: String) {}
}

func handlers() throws -> [HandlerEntry] {
    let action = ActionDefinition.log(LogAction(level: .debug, message: try Template("seen")))
    return (Recording.types + ["*"]).map { type in
        guard let on = TypePattern(type) else { fatalError("not a type: \(type)") }
        return HandlerEntry(HandlerDefinition(name: "bench-\(type)", on: [on], body: .rule([action])))
    }
}

/// Nanoseconds that this thread has been running. Not those on the wall: other processes must not count.
func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

func option(_ name: String, otherwise value: Int) -> Int {
    guard let index = CommandLine.arguments.firstIndex(of: name), index + 1 < CommandLine.arguments.count else {
        return value
    }
    return Int(CommandLine.arguments[index + 1]) ?? value
}

let rounds = option("--rounds", otherwise: 5)
let recording = Recording(events: 180)
let repetitions = max(1, option("--events", otherwise: 2_000_000) / recording.count)
let entries = try handlers()
var pipeline = EventPipeline(
    routes: RouteTable(entries),
    limits: DecoderLimits(),
    ring: FrameRing(capacity: 1 << 20, policy: .dropOldest),
    port: NoPort(),
    // The stretch without a pause is never long, so nothing goes through the ring.
    clock: PipelineClock(wall: PipelineClock.system.wall, monotonic: { 0 })
) { "" }
let matcher = RouteTable(entries).matcher
let decoder = EnvelopeDecoder(fields: matcher.fields)

var checksum = 0
@MainActor
func scan() {
    var batch = recording.batch()
    while let message = batch.next() { checksum &+= message.payload.count }
}

@MainActor
func decode() {
    var batch = recording.batch()
    while let message = batch.next() {
        if case .envelope(let envelope) = decoder.decode(
            ByteView(message.payload),
            arrivedAt: Timestamp(microseconds: 0)
        ) {
            checksum &+= envelope.eventType.count
        }
    }
}

@MainActor
func match() {
    var batch = recording.batch()
    while let message = batch.next() {
        if case .envelope(let envelope) = decoder.decode(
            ByteView(message.payload),
            arrivedAt: Timestamp(microseconds: 0)
        ) {
            checksum &+= matcher.match(eventType: envelope.eventType, leaves: decoder.leaves).count
        }
    }
}

@MainActor
func whole() {
    var batch = recording.batch()
    checksum &+= pipeline.receive(&batch) ? 1 : 0
}

/// The fastest round counts, since everything that disturbs makes slower.
var best: [String: Double] = [:]
for _ in 0..<rounds {
    for (name, stage) in [("scan", scan), ("decode", decode), ("match", match), ("whole", whole)] {
        let start = now()
        for _ in 0..<repetitions { stage() }
        let cost = Double(now() - start) / Double(repetitions * recording.count)
        best[name] = min(best[name] ?? .infinity, cost)
    }
}
let handled = pipeline.counters.settled.succeeded.reduce(0, +)
precondition(handled == UInt64(2 * rounds * repetitions * recording.count), "each event reaches two handlers")

func tenths(_ value: Double?) -> String { String((value ?? 0) * 10 + 0.5).prefix { $0 != "." }.description }
@MainActor
func nanoseconds(_ name: String) -> String {
    let digits = tenths(best[name])
    return "\(digits.dropLast().isEmpty ? "0" : String(digits.dropLast())).\(digits.suffix(1))"
}
print(
    #"{"case": "stages", "events": \#(repetitions * recording.count), "rounds": \#(rounds), "scan_ns": \#(nanoseconds("scan")), "#
        + #""scan_decode_ns": \#(nanoseconds("decode")), "scan_decode_match_ns": \#(nanoseconds("match")), "#
        + #""whole_ns": \#(nanoseconds("whole")), "checksum": \#(checksum)}"#
)
