import DequeModule

/// What one tenant was sent.
struct TenantLedger: Sendable, Hashable {
    struct HourEntry: Sendable, Hashable {
        var at: Int64
        /// The entry's place in the journal.
        var serial: UInt64
        var domain: String
    }

    struct Domain: Sendable, Hashable {
        var sent: SentMarks
        var identities: [Fingerprint: SentMarks] = [:]
    }

    var domains: [String: Domain] = [:]
    /// What counts against the limit: alerts sent strictly after an hour ago, oldest first.
    private(set) var hour: Deque<HourEntry> = []
    var records = 0

    mutating func endHour(at now: Int64) {
        while let first = self.hour.first, first.at <= now &- FatigueRules.hour { self.hour.removeFirst() }
    }

    mutating func record(_ mark: SentMark, domain name: String, serial: UInt64) {
        self.records += 1
        self.hour.append(HourEntry(at: mark.at, serial: serial, domain: name))
        self.domains[name, default: Domain(sent: SentMarks(mark))].record(mark)
    }

    /// Forgets one entry of the journal, and what nothing else in it speaks of.
    mutating func forget(_ entry: JournalEntry) {
        self.records -= 1
        while let first = self.hour.first, first.serial <= entry.serial { self.hour.removeFirst() }
        guard let index = self.domains.index(forKey: entry.domain) else { return }
        if self.domains.values[index].forget(entry.fingerprint) { self.domains.remove(at: index) }
    }
}

extension TenantLedger.Domain {
    fileprivate mutating func record(_ mark: SentMark) {
        self.sent.add(mark)
        self.sent.records += 1
        self.identities[mark.fingerprint, default: SentMarks(mark)].recordAgain(mark)
    }

    /// Whether nothing is left.
    fileprivate mutating func forget(_ fingerprint: Fingerprint) -> Bool {
        self.sent.records -= 1
        if let index = self.identities.index(forKey: fingerprint) {
            self.identities.values[index].records -= 1
            if self.identities.values[index].records == 0 { self.identities.remove(at: index) }
        }
        return self.sent.records == 0
    }
}

extension SentMarks {
    fileprivate mutating func recordAgain(_ mark: SentMark) {
        self.add(mark)
        self.records += 1
    }
}

/// One sent alert in the order of sending: what is forgotten, and when.
struct JournalEntry: Sendable, Hashable {
    var at: Int64
    var serial: UInt64
    var tenant: String
    var domain: String
    var fingerprint: Fingerprint
}
