/// An ISO 8601 time that was read.
package struct TimestampReading: Sendable, Hashable {
    package var timestamp: Timestamp
    /// Whether the text said which offset it has; without one it was read as UTC.
    package var hasOffset: Bool

    @inlinable
    package init(timestamp: Timestamp, hasOffset: Bool) {
        self.timestamp = timestamp
        self.hasOffset = hasOffset
    }
}

extension Timestamp {
    /// Reads `2026-11-20T23:15:12.223220+00:00` and what else is written in practice: a space instead of `T`, `Z` or
    /// `±HH:MM`, `±HHMM`, `±HH` or nothing behind it, no seconds, no fraction or one of 1 to 9 digits (cut to
    /// microseconds), a date alone. A second 60 is read as the first one of the next minute. Nil for anything else.
    package static func parse(iso8601 text: ByteView) -> TimestampReading? {
        var cursor = DigitCursor(text)
        guard let year = cursor.digits(4), year > 0, cursor.skip("-"), let month = cursor.digits(2), cursor.skip("-"),
            let day = cursor.digits(2), (1...12).contains(month), day >= 1, day <= CivilDate.days(of: month, in: year)
        else { return nil }
        let midnight = CivilDate(year: year, month: month, day: day).daysSince1970 &* 86_400
        if cursor.isAtEnd {
            return TimestampReading(timestamp: Timestamp(microseconds: midnight &* 1_000_000), hasOffset: false)
        }
        guard cursor.skip("T") || cursor.skip(" ") || cursor.skip("t"), let time = cursor.timeOfDay() else {
            return nil
        }
        let hasOffset = !cursor.isAtEnd
        guard let offset = hasOffset ? cursor.offset() : 0, cursor.isAtEnd else { return nil }
        let microseconds = (midnight &- offset) &* 1_000_000 &+ time
        return TimestampReading(timestamp: Timestamp(microseconds: microseconds), hasOffset: hasOffset)
    }

    /// A text's time, for callers off the hot path.
    package static func parse(iso8601 text: String) -> TimestampReading? {
        var text = text
        return text.withUTF8 { Self.parse(iso8601: ByteView(UnsafeRawBufferPointer($0))) }
    }

    /// Reads a JSON number as a time since 1970. It counts seconds as long as that gives a year before 5138 (10^11);
    /// above, the number counts milliseconds, from 10^14 microseconds, from 10^17 nanoseconds, which is how such
    /// numbers are written in practice. Nil outside the years 1 to 9999.
    package static func parse(epoch number: ByteView) -> Timestamp? {
        if let microseconds = Self.plainSeconds(number) { return Timestamp(microseconds: microseconds) }
        guard let value = Double(number.string) else { return nil }
        let unit =
            switch abs(value) {
            case ..<1e11: 1_000_000.0
            case ..<1e14: 1_000.0
            case ..<1e17: 1.0
            default: 0.001
            }
        let microseconds = (value * unit).rounded()
        guard microseconds >= -62_135_596_800e6, microseconds < 253_402_300_800e6 else { return nil }
        return Timestamp(microseconds: Int64(microseconds))
    }

    /// The microseconds of `123` or `123.456`, exact to the digit and without allocating; nil for every other form,
    /// which is left to floating point.
    private static func plainSeconds(_ number: ByteView) -> Int64? {
        let point = number.buffer.firstIndex(of: UInt8(ascii: ".")) ?? number.count
        guard let seconds = number.prefix(point).wholeNumber, seconds < 100_000_000_000 else { return nil }
        var fraction: Int64 = 0
        var unit: Int64 = 1_000_000
        for byte in number.buffer[min(point + 1, number.count)...] {
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            unit /= 10
            fraction += Int64(digit) * unit
        }
        return Int64(seconds) * 1_000_000 + fraction
    }
}

/// Walks over a text with fixed numbers of digits.
private struct DigitCursor {
    private var next: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>

    @inline(__always)
    init(_ text: ByteView) {
        self.next = text.start
        self.end = text.start + text.count
    }

    @inline(__always)
    var isAtEnd: Bool { self.next == self.end }

    /// The number that the next `count` digits write.
    @inline(__always)
    mutating func digits(_ count: Int) -> Int64? {
        guard self.end - self.next >= count else { return nil }
        var value: Int64 = 0
        for index in 0..<count {
            let digit = self.next[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value &* 10 &+ Int64(digit)
        }
        self.next += count
        return value
    }

    @inline(__always)
    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard !self.isAtEnd, self.next.pointee == UInt8(ascii: character) else { return false }
        self.next += 1
        return true
    }

    /// `HH:MM[:SS[.f]]` in microseconds.
    @inline(__always)
    mutating func timeOfDay() -> Int64? {
        guard let hour = self.digits(2), hour < 24, self.skip(":"), let minute = self.digits(2), minute < 60 else {
            return nil
        }
        var second: Int64 = 0
        var fraction: Int64 = 0
        if self.skip(":") {
            guard let value = self.digits(2), value <= 60 else { return nil }
            second = value
            if self.skip(".") || self.skip(",") {
                guard let value = self.fraction() else { return nil }
                fraction = value
            }
        }
        return ((hour &* 60 &+ minute) &* 60 &+ second) &* 1_000_000 &+ fraction
    }

    /// 1 to 9 digits behind the point, in whole microseconds.
    @inline(__always)
    private mutating func fraction() -> Int64? {
        var value: Int64 = 0
        var count = 0
        while !self.isAtEnd, count < 10 {
            let digit = self.next.pointee &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            if count < 6 { value = value &* 10 &+ Int64(digit) }
            count += 1
            self.next += 1
        }
        guard (1...9).contains(count) else { return nil }
        for _ in min(count, 6)..<6 { value = value &* 10 }
        return value
    }

    /// `Z`, `±HH:MM`, `±HHMM` or `±HH`, in seconds east of UTC.
    @inline(__always)
    mutating func offset() -> Int64? {
        if self.skip("Z") || self.skip("z") { return 0 }
        let isWest = self.skip("-")
        guard isWest || self.skip("+"), let hours = self.digits(2), hours < 24 else { return nil }
        var minutes: Int64 = 0
        if !self.isAtEnd {
            _ = self.skip(":")
            guard let value = self.digits(2), value < 60 else { return nil }
            minutes = value
        }
        let seconds = (hours &* 60 &+ minutes) &* 60
        return isWest ? -seconds : seconds
    }
}
