package import Events

/// A text that is no schedule: what was found, and what is allowed there.
package struct CronError: Error, Hashable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// What the clocks of a place show: seconds ahead of UTC at an instant given in seconds since 1970.
package struct CronZone: Sendable {
    package let name: String
    let offset: @Sendable (Int64) -> Int64

    package init(name: String, offset: @escaping @Sendable (Int64) -> Int64) {
        self.name = name
        self.offset = offset
    }

    package static let utc = CronZone(name: "UTC") { _ in 0 }
}

/// When something is to happen, in the five fields of cron: minute, hour, day of the month, month, day of the week.
///
/// `*`, numbers, names of months and days, ranges, steps and lists of these, and `@hourly`, `@daily`, `@midnight`,
/// `@weekly`, `@monthly`, `@yearly`, `@annually`. Where both days are given, either is enough, as in cron.
package struct CronSchedule: Sendable, Hashable, CustomStringConvertible {
    package let description: String
    /// One bit for each value.
    private let minutes: UInt64
    private let hours: UInt64
    private let days: UInt64
    private let months: UInt64
    private let weekdays: UInt64
    /// Both kinds of days are restricted, so either will do.
    private let isEitherDay: Bool

    private static let macros = [
        "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
        "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
    ]

    package init(_ text: String) throws(CronError) {
        let spelled = Self.macros[text.lowercased()] ?? text
        let fields = spelled.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
        guard fields.count == 5 else {
            throw CronError(
                "\"\(text)\" has \(fields.count) fields, allowed are 5: minute hour day-of-month month day-of-week"
            )
        }
        self.description = text
        self.minutes = try CronField.minute.read(fields[0])
        self.hours = try CronField.hour.read(fields[1])
        self.days = try CronField.day.read(fields[2])
        self.months = try CronField.month.read(fields[3])
        let weekdays = try CronField.weekday.read(fields[4])
        // 7 is Sunday as well as 0.
        self.weekdays = (weekdays | weekdays >> 7) & 0x7F
        self.isEitherDay = !fields[2].hasPrefix("*") && !fields[4].hasPrefix("*")
        guard self.isEitherDay || self.hasAnyDay else {
            throw CronError("\"\(text)\" never happens: no such month has such a day")
        }
    }

    /// Whether some month that is allowed has a day that is allowed.
    private var hasAnyDay: Bool {
        (1...12).contains { month in
            let last: UInt64 = month == 2 ? 29 : [4, 6, 9, 11].contains(month) ? 30 : 31
            return self.months & 1 << UInt64(month) != 0 && self.days & ((1 << (last + 1)) - 1) != 0
        }
    }

    /// The first time after `instant`, in whole minutes.
    ///
    /// A time that clocks leave out when they are set forward is as much later; of a time that comes twice when they are
    /// set back the first one counts.
    package func next(after instant: Timestamp, in zone: CronZone) -> Timestamp {
        let after = Self.floored(instant.microseconds, 1_000_000)
        var day = Self.floored(after + zone.offset(after), 86_400)
        // What was left out on the day before may be due today.
        var found = self.times(ofDay: day - 1, in: zone).first { $0 > after }
        // 29 February on a given day of the week comes again after 40 years at most.
        for _ in 0..<(41 * 366) {
            if let time = self.times(ofDay: day, in: zone).first(where: { $0 > after }) {
                found = min(found ?? .max, time)
            }
            if let found { return Timestamp(microseconds: found * 1_000_000) }
            day += 1
        }
        return Timestamp(microseconds: .max)
    }

    /// The times of a local day, in seconds since 1970, ascending.
    private func times(ofDay day: Int64, in zone: CronZone) -> [Int64] {
        guard self.matches(day) else { return [] }
        let midnight = day * 86_400
        let (before, behind) = (zone.offset(midnight - 86_400), zone.offset(midnight + 2 * 86_400))
        var times: [Int64] = []
        for hour in 0..<24 where self.hours & 1 << UInt64(hour) != 0 {
            for minute in 0..<60 where self.minutes & 1 << UInt64(minute) != 0 {
                let local = midnight + Int64(hour * 3600 + minute * 60)
                // With the offset that holds there; one that is left out lies behind, by the offset before.
                let candidates = before == behind ? [before] : [before, behind]
                let valid = candidates.map { local - $0 }.filter { zone.offset($0) == local - $0 }
                times.append(valid.min() ?? local - before)
            }
        }
        return before == behind ? times : times.sorted()
    }

    private func matches(_ day: Int64) -> Bool {
        let date = CivilDay(daysSince1970: day)
        guard self.months & 1 << UInt64(date.month) != 0 else { return false }
        let isDay = self.days & 1 << UInt64(date.day) != 0
        // 1 January 1970 was a Thursday.
        let weekday = ((day + 4) % 7 + 7) % 7
        let isWeekday = self.weekdays & 1 << UInt64(weekday) != 0
        return self.isEitherDay ? isDay || isWeekday : isDay && isWeekday
    }

    private static func floored(_ value: Int64, _ divisor: Int64) -> Int64 {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

/// One of the five fields.
private struct CronField {
    let name: String
    let range: ClosedRange<Int>
    var names: [String] = []

    static let minute = CronField(name: "minute", range: 0...59)
    static let hour = CronField(name: "hour", range: 0...23)
    static let day = CronField(name: "day of the month", range: 1...31)
    static let month = CronField(
        name: "month",
        range: 1...12,
        names: ["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    )
    static let weekday = CronField(
        name: "day of the week",
        range: 0...7,
        names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
    )

    func read(_ text: String) throws(CronError) -> UInt64 {
        var bits: UInt64 = 0
        for part in text.split(separator: ",", omittingEmptySubsequences: false) { bits |= try self.part(String(part)) }
        return bits
    }

    private func part(_ text: String) throws(CronError) -> UInt64 {
        let halves = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        var step = 1
        if halves.count == 2 {
            guard let number = Int(halves[1]), number > 0, number <= self.range.upperBound else {
                throw self.error("step \"\(halves[1])\"", "1 to \(self.range.upperBound)")
            }
            step = number
        }
        let values = try self.values(halves[0], isStepped: halves.count == 2)
        return stride(from: values.lowerBound, through: values.upperBound, by: step)
            .reduce(0) { $0 | 1 << UInt64($1) }
    }

    private func values(_ text: String, isStepped: Bool) throws(CronError) -> ClosedRange<Int> {
        // The second Sunday is for those who write it, not for `*`.
        let last = self.names.first == "sun" ? 6 : self.range.upperBound
        if text == "*" { return self.range.lowerBound...last }
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let first = try self.value(ends[0])
        guard ends.count == 2 else { return isStepped && first <= last ? first...last : first...first }
        let second = try self.value(ends[1])
        guard first <= second else {
            throw self.error("range \"\(text)\"", "ranges from the lower to the higher value")
        }
        return first...second
    }

    private func value(_ text: String) throws(CronError) -> Int {
        if let index = self.names.firstIndex(of: text.lowercased()), !text.isEmpty { return index }
        guard let value = Int(text), self.range.contains(value), text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
        else {
            throw self.error("\"\(text)\"", "\(self.range.lowerBound) to \(self.range.upperBound)")
        }
        return value
    }

    private func error(_ found: String, _ allowed: String) -> CronError {
        CronError("\(self.name): found \(found), allowed is \(allowed)")
    }
}

/// Month and day of a date; see `CivilDate` of the time stamps for the formula.
private struct CivilDay {
    let month: Int64
    let day: Int64

    init(daysSince1970 days: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        self.day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        self.month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    }
}
