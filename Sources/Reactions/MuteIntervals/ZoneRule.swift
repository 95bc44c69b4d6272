import Events

/// When clocks are changed each year, as POSIX writes it in `TZ`: `CET-1CEST,M3.5.0,M10.5.0/3`.
struct ZoneRule: Sendable, Hashable {
    private enum Day: Hashable {
        /// From 1; the 29th of February is not counted.
        case julian(Int64)
        /// From 0, with leap days.
        case ordinal(Int64)
        /// The week-th such weekday (0 is Sunday) of the month, the fifth being the last.
        case weekday(month: Int64, week: Int64, weekday: Int64)
    }

    private struct Change: Hashable {
        var day: Day
        /// Seconds behind midnight, by the clock before the change.
        var time: Int64
    }

    private let standard: Int64
    private let summer: (offset: Int64, begins: Change, ends: Change)?

    /// Nil for what POSIX does not allow.
    init?(_ text: String) {
        var reader = RuleReader(text)
        guard reader.skipName(), let standard = reader.time() else { return nil }
        // POSIX counts hours west of Greenwich.
        self.standard = -standard
        guard !reader.isAtEnd else {
            self.summer = nil
            return
        }
        guard reader.skipName() else { return nil }
        var offset = self.standard + 3600
        if reader.next != UInt8(ascii: ",") {
            guard let stated = reader.time() else { return nil }
            offset = -stated
        }
        guard let begins = Self.change(&reader), let ends = Self.change(&reader), reader.isAtEnd else { return nil }
        self.summer = (offset, begins, ends)
    }

    private static func change(_ reader: inout RuleReader) -> Change? {
        guard reader.skip(","), let day = Self.day(&reader) else { return nil }
        guard reader.skip("/") else { return Change(day: day, time: 7200) }
        guard let time = reader.time() else { return nil }
        return Change(day: day, time: time)
    }

    private static func day(_ reader: inout RuleReader) -> Day? {
        if reader.skip("M") {
            guard let month = reader.number(1...12), reader.skip("."), let week = reader.number(1...5),
                reader.skip("."), let weekday = reader.number(0...6)
            else { return nil }
            return .weekday(month: month, week: week, weekday: weekday)
        }
        if reader.skip("J") { return reader.number(1...365).map { .julian($0) } }
        return reader.number(0...365).map { .ordinal($0) }
    }

    /// The time around an instant in which the clocks run evenly.
    func segment(at instant: Int64) -> TimeZoneRules.Segment {
        guard let summer else {
            return TimeZoneRules.Segment(from: .min / 4, until: .max / 4, offset: self.standard)
        }
        let year = CivilDay(secondsSince1970: instant).year
        var changes: [(at: Int64, offset: Int64)] = []
        for year in (year - 1)...(year + 1) {
            changes.append((Self.instant(of: summer.begins, in: year) - self.standard, summer.offset))
            changes.append((Self.instant(of: summer.ends, in: year) - summer.offset, self.standard))
        }
        changes.sort { $0.at < $1.at }
        // A summer that ends when the next one begins leaves no winter: the later entry of one instant holds.
        let place = changes.lastIndex { $0.at <= instant } ?? 0
        let next = changes.firstIndex { $0.at > instant } ?? changes.count - 1
        return TimeZoneRules.Segment(from: changes[place].at, until: changes[next].at, offset: changes[place].offset)
    }

    /// By the local clock before the change, in seconds since 1970.
    private static func instant(of change: Change, in year: Int64) -> Int64 {
        let day: Int64
        switch change.day {
        case .julian(let number):
            let isAfterLeapDay = number >= 60 && CivilDay.isLeap(year)
            day = CivilDay.days(year: year, month: 1, day: 1) + number - 1 + (isAfterLeapDay ? 1 : 0)
        case .ordinal(let number): day = CivilDay.days(year: year, month: 1, day: 1) + number
        case .weekday(let month, let week, let weekday):
            let first = CivilDay.days(year: year, month: month, day: 1)
            var found = first + (weekday - CivilDay.weekday(first) + 7) % 7 + (week - 1) * 7
            let length = CivilDay.length(of: month, in: year)
            if found >= first + length { found -= 7 }
            day = found
        }
        return day * 86_400 + change.time
    }

    static func == (lhs: ZoneRule, rhs: ZoneRule) -> Bool {
        lhs.standard == rhs.standard && lhs.summer?.offset == rhs.summer?.offset
            && lhs.summer?.begins == rhs.summer?.begins && lhs.summer?.ends == rhs.summer?.ends
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(self.standard)
        hasher.combine(self.summer?.offset)
    }
}

private struct RuleReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) { self.bytes = Array(text.utf8) }

    var isAtEnd: Bool { self.position == self.bytes.count }
    var next: UInt8? { self.isAtEnd ? nil : self.bytes[self.position] }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard self.next == UInt8(ascii: character) else { return false }
        self.position += 1
        return true
    }

    /// `CET` or `<+0330>`
    mutating func skipName() -> Bool {
        let start = self.position
        if self.skip("<") {
            while let byte = self.next, byte != UInt8(ascii: ">") { self.position += 1 }
            return self.skip(">")
        }
        while let byte = self.next, byte | 0x20 >= UInt8(ascii: "a"), byte | 0x20 <= UInt8(ascii: "z") {
            self.position += 1
        }
        return self.position >= start + 3
    }

    mutating func number(_ range: ClosedRange<Int64>) -> Int64? {
        let start = self.position
        var value: Int64 = 0
        while let byte = self.next, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), self.position < start + 4 {
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            self.position += 1
        }
        return self.position > start && range.contains(value) ? value : nil
    }

    /// `-3`, `5:30`, `+13:45:00`: in seconds.
    mutating func time() -> Int64? {
        let isNegative = self.skip("-")
        if !isNegative { _ = self.skip("+") }
        guard let hours = self.number(0...167) else { return nil }
        var seconds = hours * 3600
        for unit: Int64 in [60, 1] where self.skip(":") {
            guard let value = self.number(0...59) else { return nil }
            seconds += value * unit
        }
        return isNegative ? -seconds : seconds
    }
}
