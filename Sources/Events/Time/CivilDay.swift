/// Days and weekdays, as calendars show them: what rules about times of the week or the month need.
package struct CivilDay: Sendable, Hashable {
    package let year: Int64
    /// 1...12
    package let month: Int64
    /// 1...31
    package let day: Int64
    /// Days since 1970-01-01.
    package let number: Int64

    package init(secondsSince1970 seconds: Int64) {
        self.init(number: seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400)
    }

    package init(number: Int64) {
        let date = CivilDate(daysSince1970: number)
        self.year = date.year
        self.month = date.month
        self.day = date.day
        self.number = number
    }

    /// 0 is Sunday.
    package var weekday: Int64 { Self.weekday(self.number) }

    package var lengthOfMonth: Int64 { Self.length(of: self.month, in: self.year) }

    package static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        CivilDate(year: year, month: month, day: day).daysSince1970
    }

    package static func length(of month: Int64, in year: Int64) -> Int64 { CivilDate.days(of: month, in: year) }

    package static func isLeap(_ year: Int64) -> Bool { Self.length(of: 2, in: year) == 29 }

    package static func weekday(_ number: Int64) -> Int64 {
        // 1970-01-01 was a Thursday.
        let shifted = (number + 4) % 7
        return shifted < 0 ? shifted + 7 : shifted
    }
}
