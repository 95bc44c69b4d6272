/// An instant of wall-clock time in microseconds since 1970-01-01T00:00:00Z.
///
/// Wall-clock, because it is stored, published and compared between machines. Nothing below the runtime reads a clock:
/// whoever needs the time is given a `Timestamp`.
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Microseconds since 1970-01-01T00:00:00Z.
    public var microseconds: Int64

    @inlinable
    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// Seconds since 1970; what does not fit is held at the nearest end.
    public init(seconds: Double) {
        let scaled = (seconds * 1_000_000).rounded()
        if scaled.isNaN {
            self.microseconds = 0
        } else {
            self.microseconds = Int64(exactly: scaled) ?? (scaled < 0 ? .min : .max)
        }
    }

    @inlinable
    public static func < (lhs: Timestamp, rhs: Timestamp) -> Bool { lhs.microseconds < rhs.microseconds }

    @inlinable
    public static func + (lhs: Timestamp, rhs: Duration) -> Timestamp {
        Timestamp(microseconds: lhs.microseconds &+ rhs.wholeMicroseconds)
    }

    @inlinable
    public static func - (lhs: Timestamp, rhs: Duration) -> Timestamp {
        Timestamp(microseconds: lhs.microseconds &- rhs.wholeMicroseconds)
    }

    @inlinable
    public static func - (lhs: Timestamp, rhs: Timestamp) -> Duration {
        .microseconds(lhs.microseconds &- rhs.microseconds)
    }

    /// Seconds since 1970, as far as a binary fraction can tell them.
    public var seconds: Double { Double(self.microseconds) / 1_000_000 }
}

extension Duration {
    /// This duration in microseconds, cut towards zero.
    @inlinable
    package var wholeMicroseconds: Int64 {
        let (seconds, attoseconds) = self.components
        return seconds &* 1_000_000 &+ attoseconds / 1_000_000_000_000
    }

    /// This duration in seconds.
    package var inSeconds: Double {
        let (seconds, attoseconds) = self.components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
