import Events
import SeededRandom
import Testing

@Suite struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0, true),
        ("2026-11-20T23:15:12.223220+00:00", 1_795_216_512_223_220, true),
        ("2026-11-20 23:15:12.223220", 1_795_216_512_223_220, false),
        ("2026-11-20t23:15:12z", 1_795_216_512_000_000, true),
        ("2026-11-20T23:15", 1_795_216_500_000_000, false),
        ("2026-11-20T23:15Z", 1_795_216_500_000_000, true),
        ("2026-11-20T23:15:12.1Z", 1_795_216_512_100_000, true),
        ("2026-11-20T23:15:12,123Z", 1_795_216_512_123_000, true),
        ("2026-11-20T23:15:12.123456789Z", 1_795_216_512_123_456, true),
        ("2026-11-20T23:15:12-12:00", 1_795_259_712_000_000, true),
        ("2026-11-20T23:15:12+05:30", 1_795_196_712_000_000, true),
        ("2026-11-20T23:15:12+0530", 1_795_196_712_000_000, true),
        ("2026-11-20T23:15:12+05", 1_795_198_512_000_000, true),
        ("2000-02-29T00:00:00Z", 951_782_400_000_000, true),
        ("1969-12-31T23:59:59.999999Z", -1, true),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000_000, true),
        ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999, true),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000_000, true),
        ("2026-11-20", 1_795_132_800_000_000, false),
    ])
    func `ISO 8601 is read`(text: String, microseconds: Int64, hasOffset: Bool) {
        #expect(
            Timestamp.parse(iso8601: text)
                == TimestampReading(timestamp: Timestamp(microseconds: microseconds), hasOffset: hasOffset)
        )
    }

    @Test(arguments: [
        "", "2026", "2026-11", "2026-11-2", "2026-11-20T", "2026-11-20T23", "2026-11-20T23:1", "2026-11-20T24:00:00Z",
        "2026-11-20T23:60:00Z", "2026-11-20T23:15:61Z", "2026-00-20T00:00:00Z", "2026-13-20T00:00:00Z",
        "2026-11-00T00:00:00Z", "2026-11-31T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
        "0000-01-01T00:00:00Z", "2026-11-20T23:15:12.Z", "2026-11-20T23:15:12.1234567890Z", "2026-11-20T23:15:12 Z",
        "2026-11-20T23:15:12+24:00", "2026-11-20T23:15:12+05:60", "2026-11-20T23:15:12+5", "2026-11-20T23:15:12Zx",
        "2026-11-20X23:15:12Z", "2026-11-20  23:15:12Z", "20261120T231512Z", "-026-11-20T23:15:12Z", "now",
        "２０２６-11-20T23:15:12Z", " 2026-11-20T23:15:12Z", "2026-11-20T23:15:12+05:30:00",
    ])
    func `what is not ISO 8601 is not read`(text: String) {
        #expect(Timestamp.parse(iso8601: text) == nil)
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00+00:00"),
        (1, "1970-01-01T00:00:00.000001+00:00"),
        (-1, "1969-12-31T23:59:59.999999+00:00"),
        (1_795_216_512_223_220, "2026-11-20T23:15:12.223220+00:00"),
        (1_795_216_512_000_000, "2026-11-20T23:15:12+00:00"),
        (951_782_400_000_000, "2000-02-29T00:00:00+00:00"),
        (Int64.min, "0001-01-01T00:00:00+00:00"),
        (Int64.max, "9999-12-31T23:59:59.999999+00:00"),
    ])
    func `times are written as Python writes them`(microseconds: Int64, text: String) {
        #expect(Timestamp(microseconds: microseconds).iso8601 == text)
        var bytes: [UInt8] = [0x78]
        Timestamp(microseconds: microseconds).write(into: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == "x" + text)
    }

    @Test(
        arguments: [
            (0, "1970-01-01 00:00:00 UTC"), (1_795_446_126_518_986, "2026-11-23 15:02:06 UTC"),
            (-1, "1969-12-31 23:59:59 UTC"),
        ] as [(Int64, String)]
    )
    func `sentences give times to the second`(microseconds: Int64, text: String) {
        #expect(Timestamp(microseconds: microseconds).inWords == text)
    }

    @Test func `what is written is read back`() {
        var random = SplitMix64(seed: 4)
        for _ in 0..<20_000 {
            let range: ClosedRange<Int64> = -62_135_596_800_000_000...253_402_300_799_999_999
            let time = Timestamp(microseconds: .random(in: range, using: &random))
            #expect(Timestamp.parse(iso8601: time.iso8601) == TimestampReading(timestamp: time, hasOffset: true))
        }
    }

    @Test func `every day of four hundred years is told apart`() {
        var day = Timestamp.parse(iso8601: "1799-12-31")?.timestamp ?? Timestamp(microseconds: 0)
        var previous = day.iso8601
        for _ in 0..<146_098 {
            day = day + .seconds(86_400)
            let text = day.iso8601
            #expect(previous < text)
            #expect(Timestamp.parse(iso8601: text)?.timestamp == day)
            previous = text
        }
        #expect(previous == "2200-01-01T00:00:00+00:00")
    }

    @Test(arguments: [
        ("1763683200", 1_763_683_200_000_000), ("1763683200.5", 1_763_683_200_500_000),
        ("1763683200.1234567", 1_763_683_200_123_456), ("-1.5", -1_500_000), ("1e3", 1_000_000_000),
        ("99999999999", 99_999_999_999_000_000), ("100000000000", 100_000_000_000_000),
        ("1763683200125", 1_763_683_200_125_000), ("1763683200125.5", 1_763_683_200_125_500),
        ("1763683200125001", 1_763_683_200_125_001), ("1763683200125001999", 1_763_683_200_125_002),
    ])
    func `numbers are read as seconds, and as finer units when they are too large for that`(
        text: String,
        microseconds: Int64
    ) {
        let time = Array(text.utf8).withUnsafeBytes { Timestamp.parse(epoch: ByteView($0)) }
        #expect(time == Timestamp(microseconds: microseconds))
    }

    @Test(arguments: ["1e300", "-1e300", "-62135596801", "1e21", "9e24"])
    func `numbers outside the calendar are not read`(text: String) {
        #expect(Array(text.utf8).withUnsafeBytes { Timestamp.parse(epoch: ByteView($0)) } == nil)
    }
}
