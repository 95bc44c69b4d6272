/// What a time zone's clocks show: the changes of its offset that are on record, and the rule for all later ones.
///
/// Read from the form that the IANA database is installed in (TZif, RFC 9636), version 2 or later.
package struct TimeZoneRules: Sendable, Hashable {
    /// A time in which the clocks run evenly; seconds since 1970, the end not included.
    package struct Segment: Sendable, Hashable {
        package var from: Int64
        package var until: Int64
        /// Seconds that local time is ahead of UTC.
        package var offset: Int64
    }

    package static let utc = TimeZoneRules()

    /// When each offset began, ascending.
    private var changes: [(at: Int64, offset: Int64)] = []
    private var firstOffset: Int64 = 0
    private var rule: ZoneRule?

    private init() {}

    /// Nil for what is no such file.
    package init?(_ bytes: [UInt8]) {
        var reader = BigEndianReader(bytes)
        guard let first = TZifHeader(&reader), first.version >= 2 else { return nil }
        reader.skip(first.size(timeBytes: 4))
        guard let header = TZifHeader(&reader) else { return nil }
        var times: [Int64] = []
        for _ in 0..<header.times {
            guard let time = reader.integer(8) else { return nil }
            times.append(time)
        }
        var kinds: [Int] = []
        for _ in 0..<header.times {
            guard let kind = reader.byte() else { return nil }
            kinds.append(Int(kind))
        }
        var offsets: [Int64] = []
        for _ in 0..<header.types {
            guard let offset = reader.integer(4), reader.byte() != nil, reader.byte() != nil else { return nil }
            offsets.append(offset)
        }
        guard let begin = offsets.first, kinds.allSatisfy({ $0 < offsets.count }) else { return nil }
        reader.skip(header.tail)
        guard reader.byte() == UInt8(ascii: "\n"), let footer = reader.line() else { return nil }
        self.firstOffset = begin
        self.changes = zip(times, kinds).map { ($0, offsets[$1]) }
        if !footer.isEmpty {
            guard let rule = ZoneRule(footer) else { return nil }
            self.rule = rule
        }
    }

    /// The time around an instant in which the clocks run evenly.
    package func segment(at instant: Int64) -> Segment {
        var low = 0
        var high = self.changes.count
        while low < high {
            let middle = (low + high) / 2
            if self.changes[middle].at <= instant { low = middle + 1 } else { high = middle }
        }
        let from = low > 0 ? self.changes[low - 1].at : Int64.min / 4
        guard low == self.changes.count, let rule = self.rule else {
            return Segment(
                from: from,
                until: low < self.changes.count ? self.changes[low].at : Int64.max / 4,
                offset: low > 0 ? self.changes[low - 1].offset : self.firstOffset
            )
        }
        var segment = rule.segment(at: instant)
        segment.from = max(segment.from, from)
        return segment
    }

    package static func == (lhs: TimeZoneRules, rhs: TimeZoneRules) -> Bool {
        lhs.firstOffset == rhs.firstOffset && lhs.rule == rhs.rule && lhs.changes.elementsEqual(rhs.changes, by: ==)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.firstOffset)
        hasher.combine(self.rule)
        hasher.combine(self.changes.count)
    }
}

private struct TZifHeader {
    let version: Int
    let times: Int
    let types: Int
    private let characters: Int
    private let leaps: Int
    private let standards: Int
    private let universals: Int

    init?(_ reader: inout BigEndianReader) {
        guard reader.text(4) == "TZif", let version = reader.byte() else { return nil }
        reader.skip(15)
        var counts: [Int] = []
        for _ in 0..<6 {
            // No zone has changed its clocks a thousand times; what claims more is no zone.
            guard let count = reader.integer(4), (0...10_000).contains(count) else { return nil }
            counts.append(Int(count))
        }
        self.version = version == 0 ? 1 : Int(version) - Int(UInt8(ascii: "0"))
        self.universals = counts[0]
        self.standards = counts[1]
        self.leaps = counts[2]
        self.times = counts[3]
        self.types = counts[4]
        self.characters = counts[5]
    }

    /// Bytes behind the types: designations, leap seconds, indicators.
    var tail: Int { self.characters + self.leaps * 12 + self.standards + self.universals }

    func size(timeBytes: Int) -> Int {
        self.times * (timeBytes + 1) + self.types * 6 + self.characters + self.leaps * (timeBytes + 4) + self.standards
            + self.universals
    }
}

private struct BigEndianReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func skip(_ count: Int) { self.position += count }

    mutating func byte() -> UInt8? {
        guard self.position < self.bytes.count else { return nil }
        defer { self.position += 1 }
        return self.bytes[self.position]
    }

    /// A signed number.
    mutating func integer(_ count: Int) -> Int64? {
        guard self.position + count <= self.bytes.count else { return nil }
        var value: Int64 = self.bytes[self.position] & 0x80 == 0 ? 0 : -1
        for byte in self.bytes[self.position..<(self.position + count)] { value = value << 8 | Int64(byte) }
        self.position += count
        return value
    }

    mutating func text(_ count: Int) -> String? {
        guard self.position + count <= self.bytes.count else { return nil }
        defer { self.position += count }
        return String(decoding: self.bytes[self.position..<(self.position + count)], as: UTF8.self)
    }

    /// Up to the next line feed.
    mutating func line() -> String? {
        guard self.position <= self.bytes.count,
            let end = self.bytes[self.position...].firstIndex(of: UInt8(ascii: "\n"))
        else { return nil }
        defer { self.position = end + 1 }
        return String(decoding: self.bytes[self.position..<end], as: UTF8.self)
    }
}
