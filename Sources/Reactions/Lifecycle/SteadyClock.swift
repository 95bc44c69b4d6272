package import Events

/// Turns readings of the wall clock, which may be set back, into instants that never go back.
///
/// When a reading lies before the one before it, the difference is added to all later ones: ages and deadlines go on
/// from where they were. A clock that is set forward cannot be told from time that passed; windows then end early,
/// which sends an alert too many rather than one too few.
package struct SteadyClock: Sendable, Hashable {
    /// How often the wall clock was set back.
    package private(set) var setbacks = 0
    private var lastReading: Int64?
    private var offset: Int64 = 0

    package init() {}

    /// The instant of a reading, in microseconds: not before any earlier one.
    package mutating func instant(_ reading: Timestamp) -> Int64 {
        if let last = self.lastReading, reading.microseconds < last {
            self.offset &+= last &- reading.microseconds
            self.setbacks += 1
        }
        self.lastReading = reading.microseconds
        return reading.microseconds &+ self.offset
    }

    /// The instant of a reading that was taken, or written down, at some time; the clock itself does not go on by that.
    package func instant(ofReading reading: Timestamp) -> Int64 { reading.microseconds &+ self.offset }

    /// What the wall clock shows at an instant, unless it is set again.
    package func reading(_ instant: Int64) -> Timestamp {
        Timestamp(microseconds: instant &- self.offset)
    }
}
