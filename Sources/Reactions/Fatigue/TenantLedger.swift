import DequeModule

/// What one tenant was sent, and what was held back from it and not told of yet.
struct TenantLedger: Sendable, Hashable {
    struct HourEntry: Sendable, Hashable {
        var at: Int64
        /// The entry's place in the journal.
        var serial: UInt64
        var domain: ExactText
    }

    struct Domain: Sendable, Hashable {
        var sent = SentMarks()
        var identities = ShortTable<Fingerprint, SentMarks>()
        /// By the alert's type; only alerts that no other kind holds back.
        var kinds = ShortTable<ExactText, SentMarks>()
        /// By the receiver from whom it was held back.
        var heldBack = ShortTable<ExactText, HeldBackSet>()
    }

    var domains = ShortTable<ExactText, Domain>()
    /// What counts against the limit: alerts sent strictly after an hour ago, oldest first.
    private(set) var hour: Deque<HourEntry> = []
    /// Entries of the journal that speak of the tenant.
    private(set) var records = 0

    /// Whether nothing is remembered of the tenant.
    var isEmpty: Bool { self.domains.isEmpty }

    mutating func endHour(at now: Int64) {
        while let at = self.hour.first?.at, at <= now &- FatigueRules.hour { self.hour.removeFirst() }
    }

    mutating func record(_ mark: SentMark, domain name: ExactText, kind: ExactText) {
        self.records += 1
        self.hour.append(HourEntry(at: mark.at, serial: mark.serial, domain: name))
        let place = self.domains.place(of: name, orAdd: Domain())
        self.domains[place].record(mark, kind: kind)
    }

    /// What an alert was about is over.
    mutating func end(_ fingerprint: Fingerprint, domain name: ExactText) {
        guard let place = self.domains.place(of: name) else { return }
        self.domains[place].end(fingerprint)
    }

    /// Forgets one entry of the journal, and what nothing else in it speaks of.
    mutating func forget(_ entry: JournalEntry) {
        self.records -= 1
        while let serial = self.hour.first?.serial, serial <= entry.serial { self.hour.removeFirst() }
        guard let place = self.domains.place(of: entry.domain) else { return }
        self.domains[place].forget(entry)
        if self.domains[place].isEmpty { self.domains.remove(at: place) }
    }

    // MARK: What is held back

    /// One more alert is held back from some receivers, who are told of it when that is due.
    ///
    /// - Returns: whether it is the first for one of them.
    mutating func holdBack(
        _ kind: HeldBack.Kind,
        _ example: HeldBack.Example,
        domain name: ExactText,
        receivers: [String],
        due: Int64,
        at now: Int64
    ) -> Bool {
        let domain = self.domains.place(of: name, orAdd: Domain())
        return self.domains[domain].holdBack(kind, example, receivers: receivers, due: due, at: now)
    }

    /// Takes what is due.
    ///
    /// - Parameter next: becomes the earliest time at which something else is due, unless it is earlier.
    mutating func takeDue(_ tenant: HashedText, at now: Int64, next: inout Int64?) -> [HeldBack] {
        var due: [HeldBack] = []
        // From the end: what is taken away lets the last one take its place.
        for domain in self.domains.indices.reversed() {
            for place in self.domains[domain].heldBack.indices.reversed() {
                let set = self.domains[domain].heldBack[place]
                guard set.due <= now else {
                    next = min(next ?? set.due, set.due)
                    continue
                }
                let receiver = self.domains[domain].heldBack.key(at: place)
                due.append(set.heldBack(from: receiver.text, tenant.text, self.domains.key(at: domain).text))
                self.domains[domain].heldBack.remove(at: place)
            }
            if self.domains[domain].isEmpty { self.domains.remove(at: domain) }
        }
        return due
    }
}

extension TenantLedger.Domain {
    /// The newest alert of an identity that was sent, of those that are at least so severe.
    ///
    /// It changes nothing; what may change is looked at where it lies, and not copied.
    mutating func newest(_ fingerprint: Fingerprint, atLeast severity: Severity) -> SentMark? {
        guard let place = self.identities.place(of: fingerprint) else { return nil }
        return self.identities[place].newest(atLeast: severity)
    }

    /// The newest of those that hold an alert back in its domain: all, or those of its type. It changes nothing.
    mutating func newest(sameKindAs alert: AlertSubject) -> SentMark? {
        let severity = alert.severity
        guard severity.countsByKind else { return self.sent.newest(atLeast: severity) }
        guard let place = self.kinds.place(of: ExactText(alert.type)) else { return nil }
        return self.kinds[place].newest(atLeast: severity)
    }

    fileprivate mutating func holdBack(
        _ kind: HeldBack.Kind,
        _ example: HeldBack.Example,
        receivers: [String],
        due: Int64,
        at now: Int64
    ) -> Bool {
        var isFirst = false
        for receiver in receivers {
            let receiver = ExactText(receiver)
            if let place = self.heldBack.place(of: receiver) {
                self.heldBack[place].count(kind, example)
            } else {
                let set = HeldBackSet(kind, example, since: now, due: due)
                _ = self.heldBack.place(of: receiver, orAdd: set)
                isFirst = true
            }
        }
        return isFirst
    }

    fileprivate var isEmpty: Bool { self.sent.records == 0 && self.heldBack.isEmpty }

    fileprivate mutating func record(_ mark: SentMark, kind: ExactText) {
        self.sent.add(mark)
        let identity = self.identities.place(of: mark.fingerprint, orAdd: SentMarks())
        self.identities[identity].add(mark)
        guard mark.severity.countsByKind else { return }
        let place = self.kinds.place(of: kind, orAdd: SentMarks())
        self.kinds[place].add(mark)
    }

    fileprivate mutating func end(_ fingerprint: Fingerprint) {
        self.sent.end(fingerprint)
        if let place = self.identities.place(of: fingerprint) { self.identities[place].end(fingerprint) }
        for place in self.kinds.indices { self.kinds[place].end(fingerprint) }
    }

    fileprivate mutating func forget(_ entry: JournalEntry) {
        if let place = self.identities.place(of: entry.fingerprint), self.identities[place].forgetOne() {
            self.identities.remove(at: place)
        }
        if let kind = entry.kind, let place = self.kinds.place(of: kind), self.kinds[place].forgetOne() {
            self.kinds.remove(at: place)
        }
        if self.sent.forgetOne() { self.sent = SentMarks() }
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
    var tenant: HashedText
    var domain: ExactText
    var fingerprint: Fingerprint
    /// The alert's type, if it counts by its kind.
    var kind: ExactText?
}
