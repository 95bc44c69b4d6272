import Events
import Reactions
import ReactorTestKit
import SeededRandom
import Testing

/// Mute intervals against the slow reading of the text, and time zones against another program's knowledge of them.
@Suite(.timeLimit(.minutes(5))) struct MuteScheduleTests {
    private static let zones = [
        "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Santiago",
        "Africa/Casablanca",
        "Pacific/Apia", "Europe/Dublin", "Asia/Tehran", "America/Nuuk", "Antarctica/Troll", "UTC",
    ]

    /// Local time minus UTC in seconds, as Python's `zoneinfo` has it; a line for each zone.
    private static func offsets(_ instants: [Int64]) async throws -> [[Int64]] {
        let script = """
            import datetime, sys, zoneinfo
            for name in sys.argv[1].split(','):
                zone = zoneinfo.ZoneInfo(name)
                times = [datetime.datetime.fromtimestamp(int(at), zone) for at in sys.argv[2].split(',')]
                print(*(int(time.utcoffset().total_seconds()) for time in times))
            """
        let list = instants.map { "\($0)" }.joined(separator: ",")
        return try await withTestProgram(["python3", "-c", script, Self.zones.joined(separator: ","), list]) {
            program in
            try await program.waitForExit()
            return program.output.split(separator: "\n").map { line in
                line.split(separator: " ").compactMap { Int64($0) }
            }
        }
    }

    @Test func `clocks show what the database says, on record and by the rule behind it`() async throws {
        var generator = SplitMix64(seed: 3)
        // From 1995 to 2090: the files end in 2037, the rules go on.
        var instants = (0..<2000).map { _ in Int64.random(in: 788_918_400..<3_786_912_000, using: &generator) }
        // Around the changes themselves.
        let berlin = try #require(TimeZoneDatabase.zone(named: "Europe/Berlin"))
        instants += instants.prefix(200).flatMap { at in
            let end = berlin.segment(at: at).until
            return [end - 1, end, end + 1]
        }
        let expected = try await Self.offsets(instants)
        try #require(expected.count == Self.zones.count)
        for (name, offsets) in zip(Self.zones, expected) {
            let zone = try #require(TimeZoneDatabase.zone(named: name), "\(name)")
            let seen = instants.map { zone.segment(at: $0).offset }
            #expect(seen == offsets, "\(name)")
            for at in instants.prefix(300) {
                let segment = zone.segment(at: at)
                #expect(segment.from <= at && at < segment.until)
                #expect(zone.segment(at: segment.until - 1).offset == segment.offset)
            }
        }
    }

    @Test func `what is no zone is none, and no way leads out of the folder`() {
        for name in [
            "", "Europe", "Europe/Nowhere", "../../../etc/passwd", "/etc/passwd", "Europe/../../passwd",
            "posixrules\u{0}",
        ] {
            #expect(TimeZoneDatabase.zone(named: name) == nil, "\(name)")
        }
        #expect(TimeZoneRules([]) == nil)
        #expect(TimeZoneRules(Array("TZif2".utf8) + [UInt8](repeating: 0xFF, count: 200)) == nil)
    }

    private static func interval(_ generator: inout SplitMix64, zone: String) -> MuteInterval {
        let parts = (0..<Int.random(in: 1...2, using: &generator)).map { _ in
            var part = MuteInterval.Part()
            part.timeZone = zone
            if Int.random(in: 0..<4, using: &generator) > 0 {
                let start = Int.random(in: 0..<1439, using: &generator)
                part.times = [start..<Int.random(in: (start + 1)...1440, using: &generator)]
            }
            if Bool.random(using: &generator) {
                let day = Int.random(in: 0..<7, using: &generator)
                part.weekdays = [day...Int.random(in: day..<7, using: &generator)]
            }
            if Int.random(in: 0..<3, using: &generator) == 0 {
                part.daysOfMonth = [
                    [1...3, -2 ... -1, 29...31, 15...(-3 + 31)].randomElement(using: &generator) ?? 1...3
                ]
            }
            if Int.random(in: 0..<4, using: &generator) == 0 { part.months = [3...4, 10...11] }
            return part
        }
        return MuteInterval(parts: parts)
    }

    @Test(arguments: ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
    func `windows are those that a look at every minute finds, also where clocks change`(name: String) throws {
        var generator = SplitMix64(seed: 11)
        let zone = try #require(TimeZoneDatabase.zone(named: name))
        // Days in which clocks change in these zones, and others.
        let days: [Int64] = [1_774_656_000, 1_792_800_000, 1_772_928_000, 1_793_491_200, 1_775_347_200, 1_790_985_600]
        for round in 0..<60 {
            let interval = Self.interval(&generator, zone: name)
            let schedule = MuteSchedule(interval)
            let start = days[round % days.count] + Int64.random(in: -86_400..<86_400, using: &generator)
            let at = start / 60 * 60
            func slow(_ second: Int64) -> Bool {
                interval.parts.contains { SlowMute.holds($0, second + zone.segment(at: second).offset) }
            }
            let window = schedule.window(at: Timestamp(microseconds: at * 1_000_000))
            #expect(window.isMuted == slow(at))
            var minute = at
            let limit = at + 3 * 86_400
            while minute < limit, slow(minute) == window.isMuted { minute += 60 }
            if minute < limit {
                #expect(window.until == minute * 1_000_000, "\(interval) at \(at)")
            } else {
                #expect(window.until >= limit * 1_000_000)
            }
            // Nothing else holds between the beginning of the window and now.
            let from = max(window.from / 1_000_000, at - 86_400)
            #expect(stride(from: from, through: at, by: 60).allSatisfy { slow($0) == window.isMuted })
        }
    }
}
