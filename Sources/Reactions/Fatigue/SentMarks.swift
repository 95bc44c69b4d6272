/// An alert that was sent, as far as later decisions need it.
struct SentMark: Sendable, Hashable {
    var at: Int64
    /// Later ones have higher numbers.
    var serial: UInt64
    var fingerprint: Fingerprint
    var alertID: String
    var severity: Severity
    /// What it was about is over: it holds nothing back that is the same alert.
    var isOver = false
}

/// The newest alert of each severity among those of one identity, one domain, or one kind. They lie in the value itself:
/// one thing less to look for in memory.
struct SentMarks: Sendable, Hashable {
    private var low: SentMark?
    private var medium: SentMark?
    private var high: SentMark?
    private var critical: SentMark?
    /// Entries of the journal that speak of it; without any it can be forgotten.
    private(set) var records = 0

    mutating func add(_ mark: SentMark) {
        switch mark.severity {
        case .low: self.low = mark
        case .medium: self.medium = mark
        case .high: self.high = mark
        case .critical: self.critical = mark
        }
        self.records += 1
    }

    /// - Returns: Whether nothing is left.
    mutating func forgetOne() -> Bool {
        self.records -= 1
        return self.records == 0
    }

    /// The newest alert of at least that severity.
    func newest(atLeast severity: Severity) -> SentMark? {
        let rank = severity.rank
        // Serials begin with 1. Only the mark that is found is copied.
        var (newest, place) = (self.critical?.serial ?? 0, 3)
        if rank <= 2, let serial = self.high?.serial, serial > newest { (newest, place) = (serial, 2) }
        if rank <= 1, let serial = self.medium?.serial, serial > newest { (newest, place) = (serial, 1) }
        if rank <= 0, let serial = self.low?.serial, serial > newest { place = 0 }
        return switch place {
        case 0: self.low
        case 1: self.medium
        case 2: self.high
        default: self.critical
        }
    }

    /// Marks the alerts of an identity as over.
    mutating func end(_ fingerprint: Fingerprint) {
        if self.low?.fingerprint == fingerprint { self.low?.isOver = true }
        if self.medium?.fingerprint == fingerprint { self.medium?.isOver = true }
        if self.high?.fingerprint == fingerprint { self.high?.isOver = true }
        if self.critical?.fingerprint == fingerprint { self.critical?.isOver = true }
    }
}
