import Events

extension Timestamp {
    /// `2026-11-21T00:40:00.123456+00:00`, as the original's publishers write it.
    var iso8601: String {
        // Days to a date by the proleptic Gregorian calendar, eras of 400 years counted from 1 March of the year 0.
        let day = 86_400 * 1_000_000 as Int64
        let days = self.microseconds.flooredQuotient(day)
        let time = self.microseconds - days * day
        let shifted = days + 719_468
        let era = shifted.flooredQuotient(146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let date = "\(year.padded(4))-\(month.padded(2))-\((dayOfYear - (153 * monthFromMarch + 2) / 5 + 1).padded(2))"
        let seconds = time / 1_000_000
        let clock = "\((seconds / 3600).padded(2)):\((seconds / 60 % 60).padded(2)):\((seconds % 60).padded(2))"
        return "\(date)T\(clock).\((time % 1_000_000).padded(6))+00:00"
    }
}

extension Int64 {
    fileprivate func flooredQuotient(_ divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : -((-self + divisor - 1) / divisor)
    }

    fileprivate func padded(_ width: Int) -> String {
        let digits = String(self)
        return String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
    }
}
