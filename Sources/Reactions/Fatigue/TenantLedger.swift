import DequeModule

/// What one tenant was sent.
struct TenantLedger: Sendable, Hashable {
    struct HourEntry: Sendable, Hashable {
        var at: Int64
        /// The entry's place in the journal.
        var serial: UInt64
        var domain: ExactText
    }

    struct Domain: Sendable, Hashable {
        var sent = SentMarks()
        var identities: [Fingerprint: SentMarks] = [:]
        /// By the alert's type; only alerts that no other kind holds back.
        var kinds: [ExactText: SentMarks] = [:]
    }

    var domains: [ExactText: Domain] = [:]
    /// What counts against the limit: alerts sent strictly after an hour ago, oldest first.
    private(set) var hour: Deque<HourEntry> = []
    var records = 0

    mutating func endHour(at now: Int64) {
        while let first = self.hour.first, first.at <= now &- FatigueRules.hour { self.hour.removeFirst() }
    }

    mutating func record(_ mark: SentMark, domain name: ExactText, kind: ExactText) {
        self.records += 1
        self.hour.append(HourEntry(at: mark.at, serial: mark.serial, domain: name))
        self.domains[name, default: Domain()].record(mark, kind: kind)
    }

    /// What an alert was about is over.
    mutating func end(_ fingerprint: Fingerprint, domain name: ExactText) {
        guard let index = self.domains.index(forKey: name) else { return }
        self.domains.values[index].end(fingerprint)
    }

    /// Forgets one entry of the journal, and what nothing else in it speaks of.
    mutating func forget(_ entry: JournalEntry) {
        self.records -= 1
        while let first = self.hour.first, first.serial <= entry.serial { self.hour.removeFirst() }
        guard let index = self.domains.index(forKey: entry.domain) else { return }
        if self.domains.values[index].forget(entry) { self.domains.remove(at: index) }
    }
}

extension TenantLedger.Domain {
    fileprivate mutating func record(_ mark: SentMark, kind: ExactText) {
        self.sent.add(mark)
        self.identities[mark.fingerprint, default: SentMarks()].add(mark)
        if mark.severity.countsByKind { self.kinds[kind, default: SentMarks()].add(mark) }
    }

    fileprivate mutating func end(_ fingerprint: Fingerprint) {
        self.sent.end(fingerprint)
        self.identities[fingerprint]?.end(fingerprint)
        for index in self.kinds.values.indices { self.kinds.values[index].end(fingerprint) }
    }

    /// Whether nothing is left.
    fileprivate mutating func forget(_ entry: JournalEntry) -> Bool {
        if let index = self.identities.index(forKey: entry.fingerprint),
            self.identities.values[index].forgetOne()
        {
            self.identities.remove(at: index)
        }
        if let kind = entry.kind, let index = self.kinds.index(forKey: kind), self.kinds.values[index].forgetOne() {
            self.kinds.remove(at: index)
        }
        return self.sent.forgetOne()
    }
}

extension Severity {
    /// Whether only alerts of the same type hold an alert of this severity back in its domain: the first of a kind is
    /// always told.
    var countsByKind: Bool { self >= .high }
}

/// One sent alert in the order of sending: what is forgotten, and when.
struct JournalEntry: Sendable, Hashable {
    var at: Int64
    var serial: UInt64
    var tenant: ExactText
    var domain: ExactText
    var fingerprint: Fingerprint
    /// The alert's type, if it counts by its kind.
    var kind: ExactText?
}
