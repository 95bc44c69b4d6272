/// An alert that was sent, as far as later decisions need it.
struct SentMark: Sendable, Hashable {
    var at: Int64
    /// Later ones have higher numbers.
    var serial: UInt64
    var severity: Severity
    var fingerprint: Fingerprint
    var alertID: String
    /// What it was about is over: it holds nothing back that is the same alert.
    var isOver = false
}

/// The newest alert of each severity among those of one identity, one domain, or one kind.
struct SentMarks: Sendable, Hashable {
    /// By rank.
    private var marks: [SentMark?] = [nil, nil, nil, nil]
    /// Entries of the journal that speak of it; without any it can be forgotten.
    private(set) var records = 0

    mutating func add(_ mark: SentMark) {
        self.marks[mark.severity.rank] = mark
        self.records += 1
    }

    /// - Returns: Whether nothing is left.
    mutating func forgetOne() -> Bool {
        self.records -= 1
        return self.records == 0
    }

    /// The newest alert of at least that severity.
    func newest(atLeast severity: Severity) -> SentMark? {
        var (newest, place): (UInt64, Int?) = (0, nil)
        for index in severity.rank..<self.marks.count {
            guard let serial = self.marks[index]?.serial, place == nil || newest < serial else { continue }
            (newest, place) = (serial, index)
        }
        return place.flatMap { self.marks[$0] }
    }

    /// Marks the alerts of an identity as over.
    mutating func end(_ fingerprint: Fingerprint) {
        for index in self.marks.indices where self.marks[index]?.fingerprint == fingerprint {
            self.marks[index]?.isOver = true
        }
    }
}
