extension Timestamp {
    /// This time as Python writes it, and so the producers that we live among: `2026-11-20T23:15:12.223220+00:00`, or
    /// without a fraction when it is whole seconds. Years outside 1...9999, which that form cannot hold, are held at
    /// its ends.
    public var iso8601: String {
        String(unsafeUninitializedCapacity: 32) { buffer in
            var writer = DigitWriter(buffer: buffer)
            writer.write(self)
            return writer.count
        }
    }

    /// The same for sentences, which people read: `2026-11-20 23:15:12 UTC`, without what is behind the second.
    package var inWords: String {
        let text = self.iso8601
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8)) UTC"
    }

    /// Appends the text of `iso8601`.
    package func write(into bytes: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { buffer in
            var writer = DigitWriter(buffer: buffer)
            writer.write(self)
            bytes.append(contentsOf: buffer[..<writer.count])
        }
    }
}

/// Fills a buffer of at least 32 bytes.
private struct DigitWriter {
    let buffer: UnsafeMutableBufferPointer<UInt8>
    private(set) var count = 0

    init(buffer: UnsafeMutableBufferPointer<UInt8>) { self.buffer = buffer }

    mutating func write(_ timestamp: Timestamp) {
        let lowest: Int64 = -62_135_596_800_000_000
        let highest: Int64 = 253_402_300_799_999_999
        let microseconds = min(max(timestamp.microseconds, lowest), highest)
        let (days, ofDay) = microseconds.flooredDivision(by: 86_400_000_000)
        let date = CivilDate(daysSince1970: days)
        let seconds = ofDay / 1_000_000
        self.digits(date.year, 4, then: "-")
        self.digits(date.month, 2, then: "-")
        self.digits(date.day, 2, then: "T")
        self.digits(seconds / 3_600, 2, then: ":")
        self.digits(seconds / 60 % 60, 2, then: ":")
        self.digits(seconds % 60, 2, then: ofDay % 1_000_000 == 0 ? "+" : ".")
        if ofDay % 1_000_000 != 0 { self.digits(ofDay % 1_000_000, 6, then: "+") }
        self.digits(0, 2, then: ":")
        self.digits(0, 2)
    }

    private mutating func digits(_ value: Int64, _ width: Int, then separator: Unicode.Scalar? = nil) {
        var value = value
        for position in stride(from: self.count + width - 1, through: self.count, by: -1) {
            self.buffer[position] = UInt8(ascii: "0") + UInt8(value % 10)
            value /= 10
        }
        self.count += width
        if let separator {
            self.buffer[self.count] = UInt8(ascii: separator)
            self.count += 1
        }
    }
}

extension Int64 {
    /// Quotient and remainder with `0 <= remainder < divisor`.
    fileprivate func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = self.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
