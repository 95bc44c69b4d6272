/// The last states of an alert that comes and goes, and how much they change: Nagios' method.
struct FlapHistory: Sendable, Hashable {
    /// States that are looked at; between them lie 20 changes.
    static let length = 21
    /// The newest state is the lowest bit.
    private var states: UInt32 = 0
    private var count = 0

    mutating func add(_ fires: Bool) {
        self.states = (self.states << 1 | (fires ? 1 : 0)) & (1 << UInt32(Self.length) - 1)
        self.count = min(self.count + 1, Self.length)
    }

    /// Whether the newest state is another than the one before.
    var hasJustChanged: Bool { self.count > 1 && (self.states ^ self.states >> 1) & 1 == 1 }

    /// Changes by their weight; see `FlapWeights`.
    var weight: Int {
        var weight = 0
        for index in 0..<max(0, self.count - 1) where (self.states >> index ^ self.states >> (index + 1)) & 1 == 1 {
            weight += FlapWeights.newest - 2 * index
        }
        return weight
    }
}

/// What changes weigh: 76 (the oldest of 20, 0.8 times the average of 95) to 114 (the newest, 1.2 times), which makes 1900
/// for all of them: whole numbers, so that every replica computes the same.
package enum FlapWeights {
    package static let newest = 114
    /// One percent of all weights together.
    package static let ofPercent = 19

    /// The share of changes in states that are written as `1` and `0`, the newest last.
    package static func percent(ofStates states: String) -> Int {
        var history = FlapHistory()
        for state in states.utf8 { history.add(state == UInt8(ascii: "1")) }
        return history.weight / Self.ofPercent
    }
}

/// What has been told of an alert's coming and going.
enum FlapState: Int, Sendable, Hashable {
    case steady = 0
    /// It began, and that was not told yet.
    case begun = 1
    case told = 2
    /// It ended, and that was not told yet.
    case ended = 3

    /// What follows from a new state of the alert.
    func next(weight: Int, _ settings: FlappingSettings) -> FlapState {
        let isHigh = weight > settings.highPercent * FlapWeights.ofPercent
        let isLow = weight < settings.lowPercent * FlapWeights.ofPercent
        switch self {
        case .steady: return isHigh ? .begun : .steady
        case .begun: return isLow ? .steady : .begun
        case .told: return isLow ? .ended : .told
        case .ended: return isHigh ? .told : .ended
        }
    }
}
