/// An alert that was sent, as far as later decisions need it.
struct SentMark: Sendable, Hashable {
    var at: Int64
    var severity: Severity
    var fingerprint: Fingerprint
    var alertID: String
}

/// The alerts of one identity, or of one domain, that can still hold others back.
///
/// Only those that no later and at least as severe one stands before: newest first, each next one more severe. In
/// practice that is one; never more than there are severities.
struct SentMarks: Sendable, Hashable {
    private(set) var newest: SentMark
    private var moreSevere: [SentMark] = []
    /// Entries of the journal that speak of it; without any it can be forgotten.
    var records = 0

    init(_ mark: SentMark) {
        self.newest = mark
    }

    mutating func add(_ mark: SentMark) {
        if self.newest.severity > mark.severity {
            self.moreSevere.insert(self.newest, at: 0)
        }
        self.moreSevere.removeAll { $0.severity <= mark.severity }
        self.newest = mark
    }

    /// The newest alert of at least that severity.
    func newest(atLeast severity: Severity) -> SentMark? {
        if self.newest.severity >= severity { return self.newest }
        return self.moreSevere.first { $0.severity >= severity }
    }
}
