package import Events

/// A mute interval with the clocks that it goes by: says whether it holds, and from when until when that stays so.
package struct MuteSchedule: Sendable, Hashable {
    /// A time in which the answer is the same; microseconds since 1970, the end not included.
    package struct Window: Sendable, Hashable {
        package var isMuted: Bool
        package var from: Int64
        package var until: Int64

        package func contains(_ instant: Int64) -> Bool { self.from <= instant && instant < self.until }
    }

    /// How far windows are followed; one that lasts longer is told to end there.
    private static let horizon: Int64 = 800 * 86_400

    private struct ZonedPart: Hashable {
        let part: MuteInterval.Part
        let zone: TimeZoneRules

        func holds(at second: Int64) -> Bool {
            let local = second + self.zone.segment(at: second).offset
            let day = CivilDay(secondsSince1970: local)
            let minute = Int((local - day.number * 86_400) / 60)
            guard self.part.times.isEmpty || self.part.times.contains(where: { $0.contains(minute) }) else {
                return false
            }
            return Self.holds(self.part.weekdays, Int(day.weekday)) && Self.holds(self.part.months, Int(day.month))
                && Self.holds(self.part.years, Int(day.year)) && self.holds(onDay: day)
        }

        private static func holds(_ ranges: [ClosedRange<Int>], _ value: Int) -> Bool {
            ranges.isEmpty || ranges.contains { $0.contains(value) }
        }

        private func holds(onDay day: CivilDay) -> Bool {
            guard !self.part.daysOfMonth.isEmpty else { return true }
            let length = Int(day.lengthOfMonth)
            return self.part.daysOfMonth.contains { range in
                // The last day is -1. What lies outside of a month is cut to it, as in Alertmanager.
                let first = range.lowerBound < 0 ? length + range.lowerBound + 1 : range.lowerBound
                let last = range.upperBound < 0 ? length + range.upperBound + 1 : range.upperBound
                return max(first, 1) <= Int(day.day) && Int(day.day) <= min(last, length)
            }
        }

        /// The next instant at which the part may begin or cease to hold.
        func nextBoundary(after second: Int64) -> Int64 {
            let segment = self.zone.segment(at: second)
            let local = second + segment.offset
            let midnight = CivilDay(secondsSince1970: local).number * 86_400
            var next = midnight + 86_400
            for range in self.part.times {
                for minute in [range.lowerBound, range.upperBound] {
                    let boundary = midnight + Int64(minute) * 60
                    if boundary > local { next = min(next, boundary) }
                }
            }
            return min(next - segment.offset, segment.until)
        }

        /// The instant at or before this one at which it may have begun or ceased to hold.
        func boundary(atOrBefore second: Int64) -> Int64 {
            let segment = self.zone.segment(at: second)
            let local = second + segment.offset
            let midnight = CivilDay(secondsSince1970: local).number * 86_400
            var last = midnight
            for range in self.part.times {
                for minute in [range.lowerBound, range.upperBound] {
                    let boundary = midnight + Int64(minute) * 60
                    if boundary <= local { last = max(last, boundary) }
                }
            }
            return max(last - segment.offset, segment.from)
        }
    }

    private let parts: [ZonedPart]

    /// - Parameter zone: the clocks of a zone; UTC takes the place of one that is unknown, which the reader of settings
    ///   has refused.
    package init(_ interval: MuteInterval, zone: (String) -> TimeZoneRules? = TimeZoneDatabase.zone(named:)) {
        self.parts = interval.parts.map { ZonedPart(part: $0, zone: zone($0.timeZone) ?? .utc) }
    }

    package func isMuted(at instant: Timestamp) -> Bool { self.isMuted(atSecond: Self.second(instant)) }

    private func isMuted(atSecond second: Int64) -> Bool { self.parts.contains { $0.holds(at: second) } }

    private static func second(_ instant: Timestamp) -> Int64 {
        let microseconds = instant.microseconds
        return microseconds >= 0 ? microseconds / 1_000_000 : (microseconds - 999_999) / 1_000_000
    }

    /// The time around an instant in which the answer does not change. Its end is exact; its beginning may lie later
    /// than that of the answer.
    package func window(at instant: Timestamp) -> Window {
        let second = Self.second(instant)
        let isMuted = self.isMuted(atSecond: second)
        guard !self.parts.isEmpty else { return Window(isMuted: false, from: .min / 2, until: .max / 2) }
        let from = self.parts.map { $0.boundary(atOrBefore: second) }.max() ?? second
        let limit = second + Self.horizon
        var until = second
        repeat {
            let here = until
            until = self.parts.map { $0.nextBoundary(after: here) }.min() ?? limit
        } while until < limit && self.isMuted(atSecond: until) == isMuted
        return Window(isMuted: isMuted, from: from * 1_000_000, until: min(until, limit) * 1_000_000)
    }
}
