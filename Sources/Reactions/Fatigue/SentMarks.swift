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

/// The newest alert of each severity among those of one identity, one domain, or one kind.
struct SentMarks: Sendable, Hashable {
    /// That of one severity. It lies in the value itself: most have no other, and one thing less is to be looked for in
    /// memory.
    private var first: SentMark?
    private var others: [SentMark] = []
    /// Entries of the journal that speak of it; without any it can be forgotten.
    private(set) var records = 0

    mutating func add(_ mark: SentMark) {
        self.records += 1
        if self.first.map({ $0.severity == mark.severity }) ?? true {
            self.first = mark
        } else if let place = self.others.firstIndex(where: { $0.severity == mark.severity }) {
            self.others[place] = mark
        } else {
            self.others.append(mark)
        }
    }

    /// - Returns: Whether nothing is left.
    mutating func forgetOne() -> Bool {
        self.records -= 1
        return self.records == 0
    }

    /// The newest alert of at least that severity.
    func newest(atLeast severity: Severity) -> SentMark? {
        var newest = self.first.flatMap { $0.severity >= severity ? $0 : nil }
        // Nearly always; what is copied here would have to be counted.
        if self.others.isEmpty { return newest }
        for mark in self.others where mark.severity >= severity && mark.serial > newest?.serial ?? 0 { newest = mark }
        return newest
    }

    /// Marks the alerts of an identity as over.
    mutating func end(_ fingerprint: Fingerprint) {
        if self.first?.fingerprint == fingerprint { self.first?.isOver = true }
        for place in self.others.indices where self.others[place].fingerprint == fingerprint {
            self.others[place].isOver = true
        }
    }
}
