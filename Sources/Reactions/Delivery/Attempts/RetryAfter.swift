package import Events

/// The value of the header `Retry-After`: seconds, or a date in one of the three forms that HTTP has had.
package enum RetryAfter {
    /// How long the receiver wants to be left alone; nil for what is neither. A date in the past is no time at all.
    package static func duration(_ text: String, at now: Timestamp) -> Duration? {
        let text = text.trimmingBlanks
        guard !text.isEmpty else { return nil }
        if text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
            // More than a year is more than anybody waits, and may be more than fits.
            return .seconds(min(Int(text) ?? .max, 366 * 86_400))
        }
        guard let date = Self.date(text) else { return nil }
        return max(.zero, date - now)
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` or `Sun Nov  6 08:49:37 1994`.
    private static func date(_ text: String) -> Timestamp? {
        var words = text.split { " ,-:".contains($0) }.map(String.init)
        guard words.count >= 7 else { return nil }
        words.removeFirst()
        // The third form begins with the month and ends with the year.
        if self.months.contains(words[0]), words.count == 6 {
            words = [words[1], words[0], words[5], words[2], words[3], words[4], "GMT"]
        }
        guard words.count == 7, words[6] == "GMT", let day = Int(words[0]), var year = Int(words[2]),
            let month = Self.months.firstIndex(of: words[1]), let hour = Int(words[3]), let minute = Int(words[4]),
            let second = Int(words[5])
        else { return nil }
        if words[2].utf8.count == 2 { year += year < 70 ? 2_000 : 1_900 }
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return Timestamp.parse(
            iso8601: "\(year)-\(two(month + 1))-\(two(day))T\(two(hour)):\(two(minute)):\(two(second))Z"
        )?.timestamp
    }
}
