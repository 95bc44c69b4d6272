import Events
import Reactions

/// Whether a mute interval holds, by the text alone and in UTC only.
enum SlowMute {
    static func holds(_ interval: MuteInterval, _ at: Timestamp, offset: Int64 = 0) -> Bool {
        interval.parts.contains { Self.holds($0, at.microseconds / 1_000_000 + offset) }
    }

    /// - Parameter local: seconds that a clock on the wall has counted since 1970.
    static func holds(_ part: MuteInterval.Part, _ local: Int64) -> Bool {
        // Counted up from 1970, or from 2026, year by year and month by month.
        var days = local / 86_400
        let minute = Int(local % 86_400 / 60)
        let weekday = Int((days + 4) % 7)
        var year = 1970
        if days >= 20_454 {
            days -= 20_454
            year = 2026
        }
        while days >= Self.days(inYear: year) {
            days -= Self.days(inYear: year)
            year += 1
        }
        var month = 1
        while days >= Self.days(in: month, year) {
            days -= Self.days(in: month, year)
            month += 1
        }
        let day = Int(days) + 1
        let length = Int(Self.days(in: month, year))
        let dayHolds = part.daysOfMonth.contains { range in
            let first = range.lowerBound < 0 ? length + 1 + range.lowerBound : range.lowerBound
            let last = range.upperBound < 0 ? length + 1 + range.upperBound : range.upperBound
            return day >= first && day <= last
        }
        return (part.times.isEmpty || part.times.contains { $0.contains(minute) })
            && (part.weekdays.isEmpty || part.weekdays.contains { $0.contains(weekday) })
            && (part.daysOfMonth.isEmpty || dayHolds)
            && (part.months.isEmpty || part.months.contains { $0.contains(month) })
            && (part.years.isEmpty || part.years.contains { $0.contains(year) })
    }

    private static func days(inYear year: Int) -> Int64 { (1...12).reduce(0) { $0 + Self.days(in: $1, year) } }

    private static func days(in month: Int, _ year: Int) -> Int64 {
        if month == 2 { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28 }
        return [4, 6, 9, 11].contains(month) ? 30 : 31
    }
}
