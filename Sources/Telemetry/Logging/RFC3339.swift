/// Writes instants as `2026-11-21T00:40:00.123Z`, without Foundation's formatters.
package enum RFC3339 {
    /// How many digits the fraction of a second gets.
    package enum Precision: Int, Sendable {
        case milliseconds = 3
        case microseconds = 6
    }

    /// - Parameter microseconds: since 1970-01-01T00:00:00Z. Years from 0 to 9999 are written as the standard asks.
    package static func text(microseconds: Int64, precision: Precision = .microseconds) -> String {
        var bytes: [UInt8] = []
        self.append(microseconds: microseconds, precision: precision, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the date, `T`, the time and `Z`.
    package static func append(microseconds: Int64, precision: Precision, to bytes: inout [UInt8]) {
        let (days, ofDay) = self.split(microseconds, by: 86_400_000_000)
        let (year, month, day) = self.civil(daysSince1970: days)
        self.append(year, digits: 4, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        self.append(month, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        self.append(day, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        self.appendTime(ofDay, precision: precision, to: &bytes)
        bytes.append(UInt8(ascii: "Z"))
    }

    /// Appends `00:40:00.123`, the time of day in UTC.
    static func appendTimeOfDay(microseconds: Int64, to bytes: inout [UInt8]) {
        self.appendTime(self.split(microseconds, by: 86_400_000_000).remainder, precision: .milliseconds, to: &bytes)
    }

    private static func appendTime(_ ofDay: Int64, precision: Precision, to bytes: inout [UInt8]) {
        let seconds = ofDay / 1_000_000
        self.append(seconds / 3_600, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        self.append(seconds / 60 % 60, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        self.append(seconds % 60, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "."))
        let fraction = ofDay % 1_000_000
        self.append(precision == .milliseconds ? fraction / 1_000 : fraction, digits: precision.rawValue, to: &bytes)
    }

    /// Quotient and remainder, the remainder never negative.
    private static func split(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    /// The date in the Gregorian calendar: days are counted from 0000-03-01, in eras of 400 years, so that the leap day
    /// is the last of its year. (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.)
    private static func civil(daysSince1970 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = self.split(days + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private static func append(_ value: Int64, digits: Int, to bytes: inout [UInt8]) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        var divisor: UInt64 = 1
        for _ in 1..<digits { divisor *= 10 }
        // A year beyond 9999 has more digits than asked for.
        while value.magnitude / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value.magnitude / divisor % 10))
            divisor /= 10
        }
    }
}
