import Events
import Glibc
import Reactions

// What the audit contract costs one thread, in memory.
//
//     contract-bench [--runs N] [--events N]
//
// Prints one line of JSON for each case. `--runs` is how many runs are open at a time (1,000,000), `--events` how many
// events of contracts are handled in the case of their rate (2,000,000).

let epoch: Int64 = 1_795_221_600_000_000
let actions: [AuditedAction] = [.createIncident, .evaluatePolicy, .startTrace, .finalizeRun]

/// Nanoseconds that this thread has been running. Not those on the wall: other processes must not count.
func cpu() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// Bytes of memory that the process has.
func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
    let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let fields = text.split(separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
}

func option(_ name: String, otherwise value: Int) -> Int {
    guard let index = CommandLine.arguments.firstIndex(of: name), index + 1 < CommandLine.arguments.count else {
        return value
    }
    return Int(CommandLine.arguments[index + 1]) ?? value
}

/// As long as the ids of the original, which are UUIDs.
func runID(_ number: Int) -> String {
    let digits = String(number)
    return "bd19bb66-393c-4fbc-a130-" + String(repeating: "0", count: 12 - digits.count) + digits
}

func definition() -> ContractDefinition {
    var definition = ContractDefinition()
    definition.truthPatience = .zero
    return definition
}

func limits() -> ContractLimits {
    var limits = ContractLimits()
    limits.maxRuns = 4_000_000
    return limits
}

/// Runs that do all they should, `open` of them at a time.
func rate(events: Int, open: Int) {
    var registry = ContractRegistry(definition(), limits: limits())
    var found = 0
    var handled = 0
    let start = cpu()
    // A run's events come as many events apart as there are runs open.
    var number = 0
    while handled < events {
        let now = Timestamp(microseconds: epoch + Int64(handled) * 10)
        let step = number % (actions.count + 1)
        let group = number / ((actions.count + 1) * open)
        let run = runID(group * open + (number / (actions.count + 1)) % open)
        let input: RunInput = step == 0 ? .started : .acknowledged(Acknowledgement(id: run, action: actions[step - 1]))
        found += registry.handle(.run(id: run, tenant: "tenant-7", input), at: now).count
        if let due = registry.nextDeadline, due <= now {
            found += registry.handle(.deadlineReached, at: now).count
        }
        number += 1
        handled += 1
    }
    let nanoseconds = Double(cpu() - start) / Double(handled)
    precondition(found == 0, "nothing is wrong with these runs")
    print(
        #"{"case": "contract_events", "events": \#(handled), "ns": \#(Int(nanoseconds)), "events_per_s": \#(Int(1e9 / nanoseconds)), "runs_known": \#(registry.count)}"#
    )
}

/// Many open runs, none of which does anything: what they take, and what it takes to find that out.
func open(runs: Int) {
    var registry = ContractRegistry(definition(), limits: limits())
    let before = residentBytes()
    let start = cpu()
    for number in 0..<runs {
        // All begin in one minute, so all deadlines fall in one minute. The first one is five seconds later, so the
        // registry is asked on the way.
        let now = Timestamp(microseconds: epoch + Int64(number) * 60_000_000 / Int64(runs))
        while let due = registry.nextDeadline, due <= now { _ = registry.handle(.deadlineReached, at: due) }
        _ = registry.handle(.run(id: runID(number), tenant: "tenant-7", .started), at: now)
        guard number % 2 == 0 else { continue }
        for action in actions.prefix(3) {
            let ack = Acknowledgement(id: runID(number), action: action)
            _ = registry.handle(.run(id: runID(number), tenant: "", .acknowledged(ack)), at: now)
        }
    }
    let opened = Double(cpu() - start) / Double(runs)
    let bytes = Double(residentBytes() - before) / Double(runs)
    print(
        #"{"case": "open_runs", "runs": \#(runs), "bytes_per_run": \#(Int(bytes)), "open_ns": \#(Int(opened)), "memory_of": "every second one with three acknowledgements"}"#
    )
    notice(&registry, runs: runs)
}

func notice(_ registry: inout ContractRegistry, runs: Int) {
    let start = cpu()
    var longest: UInt64 = 0
    while let due = registry.nextDeadline, registry.counters.findings[.stale, default: 0] < UInt64(runs) {
        let begin = cpu()
        _ = registry.handle(.deadlineReached, at: due)
        longest = max(longest, cpu() - begin)
    }
    let found = registry.counters.findings
    precondition(found[.stale] == UInt64(runs), "\(found)")
    precondition(found[.missing] == UInt64(3 * (runs / 2)), "\(found)")
    let nanoseconds = Double(cpu() - start) / Double(runs)
    print(
        #"{"case": "deadlines", "runs": \#(runs), "stale": \#(found[.stale] ?? 0), "missing": \#(found[.missing] ?? 0), "ns_per_run": \#(Int(nanoseconds)), "longest_step_us": \#(longest / 1000)}"#
    )
}

/// What is stored of many runs, read back.
func reload(runs: Int) {
    var source = ContractRegistry(definition(), limits: limits())
    let now = Timestamp(microseconds: epoch)
    _ = source.handle(.run(id: runID(0), tenant: "tenant-7", .started), at: now)
    for action in actions.prefix(2) {
        let ack = Acknowledgement(id: runID(0), action: action)
        _ = source.handle(.run(id: runID(0), tenant: "", .acknowledged(ack)), at: now)
    }
    guard let stored = source.stored(HashedText(runID(0))) else { fatalError("nothing is known of the run") }
    var registry = ContractRegistry(definition(), limits: limits())
    let start = cpu()
    for number in 0..<runs where !registry.restore(runID(number), from: stored.bytes, at: now) {
        fatalError("what was written cannot be read")
    }
    let nanoseconds = Double(cpu() - start) / Double(runs)
    precondition(registry.count == runs)
    print(
        #"{"case": "reload", "runs": \#(runs), "ns_per_run": \#(Int(nanoseconds)), "bytes_stored": \#(stored.bytes.count)}"#
    )
}

/// A day of a small platform: a run every minute, one in ten of them without an end.
func day() {
    var registry = ContractRegistry(definition(), limits: limits())
    let start = cpu()
    var events = 0
    func tell(_ registry: inout ContractRegistry, _ number: Int, _ input: RunInput, _ second: Int) {
        let now = Timestamp(microseconds: epoch + Int64(second) * 1_000_000)
        while let due = registry.nextDeadline, due <= now { _ = registry.handle(.deadlineReached, at: due) }
        _ = registry.handle(.run(id: runID(number), tenant: "", input), at: now)
        events += 1
    }
    for number in 0..<(24 * 60) {
        tell(&registry, number, .started, number * 60)
        for action in actions.prefix(number % 10 == 0 ? 3 : 4) {
            tell(&registry, number, .acknowledged(Acknowledgement(id: "1", action: action)), number * 60 + 2)
        }
    }
    let end = Timestamp(microseconds: epoch + 86_400_000_000)
    while let due = registry.nextDeadline, due <= end { _ = registry.handle(.deadlineReached, at: due) }
    precondition(registry.counters.findings == [.stale: 144])
    print(#"{"case": "day", "events": \#(events), "stale": 144, "us": \#((cpu() - start) / 1000)}"#)
}

/// Samples of many keys under one rule.
func thresholds(_ aggregate: ThresholdRule.Aggregate, samples: Int) {
    var rule = ThresholdRule(
        name: "bench",
        metric: "cost",
        aggregate: aggregate,
        window: .seconds(60),
        limit: 1e12
    )
    rule.maxKeys = 1000
    var detector = ThresholdDetector(rule)
    let keys = (0..<rule.maxKeys).map { "tenant-\($0)" }
    var told = 0
    let start = cpu()
    for number in 0..<samples {
        let sample = ThresholdSample(key: keys[number % keys.count], value: Double(number % 97))
        // Ten thousand samples a second.
        let now = Timestamp(microseconds: epoch + Int64(number) * 100)
        told += detector.handle(.sample(sample), at: now).count
    }
    precondition(told == 0 && detector.count == keys.count)
    let nanoseconds = Int(Double(cpu() - start) / Double(samples))
    print(
        #"{"case": "threshold_\#(aggregate.rawValue)", "samples": \#(samples), "keys": \#(keys.count), "ns": \#(nanoseconds)}"#
    )
}

let runs = option("--runs", otherwise: 1_000_000)
open(runs: runs)
rate(events: option("--events", otherwise: 2_000_000), open: 10_000)
reload(runs: runs)
day()
thresholds(.sum, samples: 500_000)
thresholds(.p95, samples: 500_000)
