import Events
import Reactions
import SeededRandom
import SyntheticEvents
import Testing

@Suite struct CronScheduleTests {
    private func time(_ text: String) throws -> Timestamp { try #require(Timestamp.parse(iso8601: text)).timestamp }

    private func next(_ cron: String, after text: String, in zone: CronZone = .utc) throws -> String {
        try CronSchedule(cron).next(after: self.time(text), in: zone).iso8601
    }

    /// Central European time in 2026: an hour ahead, from 29 March to 25 October two, each from 01:00 UTC on.
    private static let berlin = CronZone(name: "Europe/Berlin") { instant in
        (1_774_746_000..<1_792_890_000).contains(instant) ? 7200 : 3600
    }

    @Test(arguments: [
        ("* * * * *", "2026-11-21T19:55:30Z", "2026-11-21T19:56:00+00:00"),
        ("* * * * *", "2026-11-21T19:55:00Z", "2026-11-21T19:56:00+00:00"),
        ("*/15 * * * *", "2026-11-21T19:46:00Z", "2026-11-21T20:00:00+00:00"),
        ("7/20 * * * *", "2026-11-21T19:28:00Z", "2026-11-21T19:47:00+00:00"),
        ("0 3 * * *", "2026-11-21T19:55:00Z", "2026-11-22T03:00:00+00:00"),
        ("30 9-17/4 * * mon-fri", "2026-11-20T17:31:00Z", "2026-11-23T09:30:00+00:00"),
        ("0 0 * * 7", "2026-11-21T19:55:00Z", "2026-11-22T00:00:00+00:00"),
        ("0 0 29 2 *", "2026-11-21T00:00:00Z", "2028-02-29T00:00:00+00:00"),
        ("0 0 29 FEB *", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00+00:00"),
        ("0 12 13 * fri", "2026-11-14T00:00:00Z", "2026-11-20T12:00:00+00:00"),
        ("0 12 13 * fri", "2026-12-12T00:00:00Z", "2026-12-13T12:00:00+00:00"),
        ("0 12 */2 * fri", "2026-11-14T00:00:00Z", "2026-11-27T12:00:00+00:00"),
        ("1,2,59 23 31 12 *", "2026-12-31T23:02:00Z", "2026-12-31T23:59:00+00:00"),
        ("@yearly", "2026-11-21T00:00:00Z", "2027-01-01T00:00:00+00:00"),
        ("@Hourly", "2026-11-21T00:00:00Z", "2026-11-21T01:00:00+00:00"),
    ])
    func `the next time is that of cron`(cron: String, after: String, expected: String) throws {
        #expect(try self.next(cron, after: after) == expected)
    }

    @Test(arguments: [
        // Plain days, on either side.
        ("0 3 * * *", "2026-03-27T12:00:00Z", "2026-03-28T02:00:00+00:00"),
        ("0 3 * * *", "2026-03-29T12:00:00Z", "2026-03-30T01:00:00+00:00"),
        // 02:30 is left out on 29 March: it is 03:30 then.
        ("30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:30:00+00:00"),
        ("30 2 * * *", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00+00:00"),
        // 02:30 comes twice on 25 October: the first one counts.
        ("30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00+00:00"),
        ("30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00+00:00"),
        // In order on the day itself, too.
        ("0,30 * * * *", "2026-03-29T00:30:00Z", "2026-03-29T01:00:00+00:00"),
        ("0 4 * * *", "2026-10-25T00:00:00Z", "2026-10-25T03:00:00+00:00"),
    ])
    func `clocks that are set are followed`(cron: String, after: String, expected: String) throws {
        #expect(try self.next(cron, after: after, in: Self.berlin) == expected)
    }

    @Test(arguments: [
        ("", "\"\" has 0 fields, allowed are 5: minute hour day-of-month month day-of-week"),
        ("* * * *", "\"* * * *\" has 4 fields, allowed are 5: minute hour day-of-month month day-of-week"),
        ("60 * * * *", "minute: found \"60\", allowed is 0 to 59"),
        ("* 24 * * *", "hour: found \"24\", allowed is 0 to 23"),
        ("* * 0 * *", "day of the month: found \"0\", allowed is 1 to 31"),
        ("* * * 13 *", "month: found \"13\", allowed is 1 to 12"),
        ("* * * * 8", "day of the week: found \"8\", allowed is 0 to 7"),
        ("* * * * fry", "day of the week: found \"fry\", allowed is 0 to 7"),
        ("5-1 * * * *", "minute: found range \"5-1\", allowed is ranges from the lower to the higher value"),
        ("*/0 * * * *", "minute: found step \"0\", allowed is 1 to 59"),
        ("1,,2 * * * *", "minute: found \"\", allowed is 0 to 59"),
        ("+1 * * * *", "minute: found \"+1\", allowed is 0 to 59"),
        ("0 0 30 2 *", "\"0 0 30 2 *\" never happens: no such month has such a day"),
    ])
    func `what is no schedule is refused with what is allowed`(text: String, message: String) {
        #expect {
            _ = try CronSchedule(text)
        } throws: { error in
            (error as? CronError)?.description == message
        }
    }

    /// Against a look at every single minute.
    @Test func `random schedules agree with counting minutes`() throws {
        var generator = SplitMix64(seed: 20)
        for _ in 0..<100 {
            var fields: [(text: String, allowed: Set<Int>)] = []
            for (low, high) in [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)] {
                switch Int.random(in: 0..<4, using: &generator) {
                case 0:
                    let step = Int.random(in: 1...high, using: &generator)
                    fields.append(("*/\(step)", Set(stride(from: low, through: high, by: step))))
                case 1:
                    let first = Int.random(in: low...high, using: &generator)
                    let last = Int.random(in: first...high, using: &generator)
                    fields.append(("\(first)-\(last)", Set(first...last)))
                default: fields.append(("*", Set(low...high)))
                }
            }
            let text = fields.map(\.text).joined(separator: " ")
            guard let schedule = try? CronSchedule(text) else { continue }
            let start = Int64(1_795_221_600) + Int64.random(in: 0..<31_536_000, using: &generator)
            let isEither = !fields[2].text.hasPrefix("*") && !fields[4].text.hasPrefix("*")
            let next =
                schedule.next(after: Timestamp(microseconds: start * 1_000_000), in: .utc).microseconds / 1_000_000
            // Three days at most; what comes later must not come before.
            var found: Int64?
            var date: [Int] = []
            for minute in (start / 60 + 1)..<(start / 60 + 3 * 1440) {
                if date.isEmpty || minute % 1440 == 0 {
                    let text = Timestamp(microseconds: minute * 60_000_000).iso8601
                    date = text.split { !"0123456789".contains($0) }.compactMap { Int($0) }
                }
                let parts = date[..<3] + [Int(minute % 1440 / 60), Int(minute % 60)]
                let weekday = Int((minute / 1440 + 4) % 7)
                let (isDay, isWeekday) = (fields[2].allowed.contains(parts[2]), fields[4].allowed.contains(weekday))
                guard fields[0].allowed.contains(parts[4]), fields[1].allowed.contains(parts[3]),
                    fields[3].allowed.contains(parts[1]), isEither ? isDay || isWeekday : isDay && isWeekday
                else { continue }
                found = minute * 60
                break
            }
            if let found { #expect(next == found, "\(text)") } else { #expect(next >= start + 2 * 86_400, "\(text)") }
        }
    }
}
