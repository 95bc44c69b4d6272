/// The newest 64 numbers of one producer, and which of them were seen.
struct SequenceWindow: Sendable, Hashable {
    /// A producer that is this far ahead has not lost so many events; its numbering changed.
    static let largestGap: UInt64 = 1_000_000

    private static let width: UInt64 = 64

    /// Numbers that are given up.
    private(set) var lost: UInt64 = 0
    private var highest: UInt64
    /// Bit i: `highest - i` was seen. Numbers before the first one count as seen.
    private var seen: UInt64 = .max
    private var lowest: UInt64
    /// Bit i: `highest - i` was given up.
    private var givenUp: UInt64 = 0
    /// Bit i: `highest - i` was missing at `watchedSince`.
    private var watched: UInt64 = 0
    private var watchedSince: Int64 = .min
    /// A number far behind, which would be the start of a new numbering.
    private var candidate: UInt64?

    init(first: UInt64) {
        self.highest = first
        self.lowest = first
    }

    var holes: UInt64 { UInt64((~self.seen).nonzeroBitCount) }

    mutating func observe(_ number: UInt64) -> SequenceTracker.Observation {
        if number > self.highest {
            self.candidate = nil
            return self.advance(to: number)
        }
        let age = self.highest - number
        guard age < Self.width else { return self.fallBehind(number) }
        self.candidate = nil
        let bit: UInt64 = 1 << age
        if number < self.lowest {
            self.lowest = number
            return .late
        }
        guard self.seen & bit == 0 || self.givenUp & bit != 0 else { return .duplicate }
        self.seen |= bit
        self.givenUp &= ~bit
        return .late
    }

    /// Counts as lost what was missing when this was last called, at least `patience` ago, and still is. So each number
    /// gets its patience, and no more than twice that when this is called often enough.
    mutating func giveUp(patience: Int64, at now: Int64) {
        guard now &- patience >= self.watchedSince else { return }
        self.giveUp(self.watched & ~self.seen)
        self.watched = ~self.seen
        self.watchedSince = now
    }

    private mutating func giveUp(_ numbers: UInt64) {
        self.lost += UInt64(numbers.nonzeroBitCount)
        self.givenUp |= numbers
        self.seen |= numbers
    }

    private mutating func advance(to number: UInt64) -> SequenceTracker.Observation {
        let step = number - self.highest
        guard step <= Self.largestGap else {
            self.restart(at: number)
            return .restarted
        }
        if step < Self.width {
            let leaving = self.seen >> (Self.width - step)
            self.lost += step - UInt64(leaving.nonzeroBitCount)
            self.seen = self.seen << step | 1
        } else {
            self.lost += self.holes + step - Self.width
            self.seen = 1
        }
        // Shifting by the whole width or more leaves nothing.
        self.givenUp <<= step
        self.watched <<= step
        self.highest = number
        return step == 1 ? .next : .ahead(missing: step - 1)
    }

    /// One number far behind proves nothing; a second one that follows it does.
    private mutating func fallBehind(_ number: UInt64) -> SequenceTracker.Observation {
        guard let first = self.candidate, number > first, number - first < Self.width else {
            self.candidate = number
            return .behind
        }
        self.restart(at: first)
        _ = self.advance(to: number)
        return .restarted
    }

    private mutating func restart(at number: UInt64) {
        self.lost += self.holes
        self.seen = .max
        self.givenUp = 0
        self.watched = 0
        self.highest = number
        self.lowest = number
        self.candidate = nil
    }
}
