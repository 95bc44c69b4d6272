import EventPatterns
import Events
import Glibc

// Prints one line of JSON for each case. `--quick` leaves out the large ones, `--rounds N` repeats each N times,
// `--growth SET` only measures how the cost of that set grows with the number of its rules.

let isQuick = CommandLine.arguments.contains("--quick")
let roundCount =
    CommandLine.arguments.firstIndex(of: "--rounds").flatMap { index in
        CommandLine.arguments.dropFirst(index + 1).first.flatMap { Int($0) }
    } ?? 5

let growthAlone = CommandLine.arguments.firstIndex(of: "--growth").flatMap { index in
    CommandLine.arguments.dropFirst(index + 1).first.flatMap(BenchRules.init)
}

/// Nanoseconds that this thread has been running. Not those on the wall: other processes must not count.
func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// Kilobytes of memory that the process has at the moment.
func residentKilobytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 128)
    guard fgets(&buffer, 128, file) != nil else { return 0 }
    let fields = String(decoding: buffer.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(getpagesize()) / 1_024 : 0
}

struct Measurement {
    var decodeNanoseconds: Double
    var wholeNanoseconds: Double
    var matchesPerEvent: Double
}

/// Decodes events, and decodes and matches them, in turns; the fastest turn of each counts, since everything that
/// disturbs makes slower.
func measure(
    _ matcher: RuleMatcher,
    _ events: [[UInt8]],
    bytesATurn: Int = 24_000_000,
    rounds: Int = roundCount
) -> Measurement {
    let decoder = EnvelopeDecoder(fields: matcher.fields)
    let frames = events.map { event -> UnsafeMutableBufferPointer<UInt8> in
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: event.count + 64)
        _ = copy.initialize(from: event)
        return copy
    }
    let views = zip(frames, events).map { ByteView(start: UnsafePointer($0.baseAddress!), count: $1.count) }
    defer { for frame in frames { frame.deallocate() } }
    let bytes = events.reduce(0) { $0 + $1.count }
    let repetitions = max(1, bytesATurn / bytes)
    let total = Double(repetitions * events.count)
    var best = Measurement(decodeNanoseconds: .infinity, wholeNanoseconds: .infinity, matchesPerEvent: 0)
    for _ in 0..<rounds {
        var start = now()
        var checksum = 0
        for _ in 0..<repetitions {
            for view in views {
                guard case .envelope(let envelope) = decoder.decode(view, arrivedAt: Timestamp(microseconds: 0)) else {
                    fatalError("the bench's own event was refused")
                }
                checksum &+= envelope.eventType.count &+ decoder.leaves.count
            }
        }
        best.decodeNanoseconds = min(best.decodeNanoseconds, Double(now() - start) / total)
        var matched = 0
        start = now()
        for _ in 0..<repetitions {
            for view in views {
                guard case .envelope(let envelope) = decoder.decode(view, arrivedAt: Timestamp(microseconds: 0)) else {
                    fatalError("the bench's own event was refused")
                }
                matched &+= matcher.match(eventType: envelope.eventType, leaves: decoder.leaves).count
            }
        }
        best.wholeNanoseconds = min(best.wholeNanoseconds, Double(now() - start) / total)
        best.matchesPerEvent = Double(matched) / total
        if checksum == 0 { print("") }
    }
    return best
}

func report(_ name: String, rules: Int, bytes: Int, _ measurement: Measurement, extra: String = "") {
    func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }
    print(
        """
        {"bench":"patterns","set":"\(name)","rules":\(rules),"event_bytes":\(bytes),\
        "ns_per_event":\(rounded(measurement.wholeNanoseconds)),\
        "decode_ns":\(rounded(measurement.decodeNanoseconds)),\
        "match_ns":\(rounded(measurement.wholeNanoseconds - measurement.decodeNanoseconds)),\
        "events_per_s":\(Int(1e9 / measurement.wholeNanoseconds)),\
        "megabytes_per_s":\(Int(Double(bytes) * 1e3 / measurement.wholeNanoseconds)),\
        "matches_per_event":\(rounded(measurement.matchesPerEvent))\(extra)}
        """
    )
    fflush(nil)
}

/// Adds rules one by one to a set and reports the slowest and the usual one.
func reportAdding(to count: Int) throws(PatternError) {
    let matcher = RuleMatcher(try BenchRules.mixed.specifications(count: count))
    let added = try BenchRules.mixed.specifications(count: count + 500).suffix(500)
    var times: [UInt64] = []
    for rule in added {
        let start = now()
        matcher.add(rule)
        times.append(now() - start)
    }
    times.sort()
    print(
        """
        {"bench":"patterns","set":"adding a rule","rules":\(count),"added":\(times.count),\
        "median_us":\(times[times.count / 2] / 1_000),"worst_us":\(times[times.count - 1] / 1_000)}
        """
    )
}

/// What 10,000 rules cost beside 10, measured in turns: figures of a shared machine that were taken a minute apart differ by
/// more than that.
func reportGrowth(_ set: BenchRules, size: Int) throws(PatternError) {
    let counts = [10, 10_000]
    var sides: [(matcher: RuleMatcher, events: [[UInt8]])] = []
    for count in counts {
        let matcher = RuleMatcher(try set.specifications(count: count))
        sides.append((matcher, BenchEvents.make(rules: count, size: size)))
    }
    var best = [Double.infinity, .infinity]
    for _ in 0..<max(roundCount, 5) {
        for (index, side) in sides.enumerated() {
            let measurement = measure(side.matcher, side.events, bytesATurn: 6_000_000, rounds: 1)
            best[index] = min(best[index], measurement.wholeNanoseconds)
        }
    }
    print(
        """
        {"bench":"patterns","set":"growth: \(set.rawValue)","event_bytes":\(size),"ns_10_rules":\(Int(best[0])),\
        "ns_10000_rules":\(Int(best[1])),"ratio":\((best[1] / best[0] * 100).rounded() / 100)}
        """
    )
    fflush(nil)
}

if let growthAlone {
    for size in [300, 1_024, 10_240] { try reportGrowth(growthAlone, size: size) }
    exit(0)
}
for set in EnvelopeRules.allCases {
    let rules = try set.specifications()
    let events = BenchEvents.make(rules: 1_000, size: 300)
    report(
        "envelopes: \(set.rawValue)",
        rules: rules.count,
        bytes: events[0].count,
        measure(RuleMatcher(rules), events)
    )
}
for count in [100, 10_000] { try reportAdding(to: count) }
for set in BenchRules.allCases {
    for size in [300, 1_024, 10_240] { try reportGrowth(set, size: size) }
}
let hostile = RuleMatcher(try HostileRules.specifications())
for size in [300, 10_240] {
    for (name, event) in HostileRules.events(size: size) {
        report(
            "hostile wildcards, \(name)",
            rules: 1_000,
            bytes: event.count,
            measure(hostile, [event], bytesATurn: 1_000_000),
            extra: ",\"table_kib\":\(hostile.rules.byteCount / 1_024)"
        )
    }
}
for set in BenchRules.allCases {
    for count in isQuick ? [10, 1_000] : [1, 10, 100, 1_000, 10_000] {
        let before = residentKilobytes()
        let started = now()
        let rules = try set.specifications(count: count)
        let parsed = now()
        let matcher = RuleMatcher(rules)
        let extra =
            ",\"table_kib\":\(matcher.rules.byteCount / 1_024),\"compile_ms\":\((now() - parsed) / 1_000_000),\"parse_ms\":\((parsed - started) / 1_000_000),"
            + "\"rss_growth_kib\":\(max(0, residentKilobytes() - before))"
        for size in isQuick ? [300] : [300, 1_024, 10_240] {
            let events = BenchEvents.make(rules: count, size: size)
            report(
                set.rawValue,
                rules: count,
                bytes: events[0].count,
                measure(matcher, events),
                extra: extra
            )
        }
    }
}
