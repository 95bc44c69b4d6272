package import Events

/// What was held back from one receiver, of one tenant and domain, since it was last told of that.
package struct HeldBack: Sendable, Hashable {
    /// Which alerts are counted together.
    package struct Kind: Sendable, Hashable, Comparable {
        package var verdict: Verdict
        package var type: String
        package var severity: Severity

        package init(verdict: Verdict, type: String, severity: Severity) {
            self.verdict = verdict
            self.type = type
            self.severity = severity
        }

        /// Types that merely look alike are two, as they are in Redis.
        package static func == (lhs: Kind, rhs: Kind) -> Bool {
            lhs.severity == rhs.severity && lhs.verdict == rhs.verdict && lhs.type.hasSameBytes(as: rhs.type)
        }

        /// By numbers: the names of verdicts and severities are long.
        package func hash(into hasher: inout Hasher) {
            hasher.combine(self.verdict.place * Severity.allCases.count + self.severity.rank)
            hasher.combine(ExactText(self.type))
        }

        package static func < (lhs: Kind, rhs: Kind) -> Bool {
            guard lhs.verdict == rhs.verdict else { return lhs.verdict.rawValue < rhs.verdict.rawValue }
            guard lhs.type.hasSameBytes(as: rhs.type) else { return HeldBack.isBefore(lhs.type, rhs.type) }
            return lhs.severity < rhs.severity
        }
    }

    /// One of the alerts, for a digest to name.
    package struct Example: Sendable, Hashable {
        let alertID: String
        let subject: AlertSubject

        package init(alertID: String, subject: AlertSubject) {
            self.alertID = alertID
            self.subject = subject
        }
    }

    package var receiver: String
    package var tenant: String
    package var domain: String
    package var counts: [Kind: Int]
    package var first: Example
    package var last: Example
    /// When the first was held back, in microseconds of the store's clock.
    package var since: Int64
    /// When that is told.
    package var due: Int64

    package init(
        receiver: String,
        tenant: String,
        domain: String,
        counts: [Kind: Int],
        first: Example,
        last: Example,
        since: Int64,
        due: Int64
    ) {
        self.receiver = receiver
        self.tenant = tenant
        self.domain = domain
        self.counts = counts
        self.first = first
        self.last = last
        self.since = since
        self.due = due
    }

    /// The verdicts that digests tell of. What a person asked not to hear of (silences, mute intervals, inhibition) is no
    /// news, and flapping tells of its own end.
    package static func counts(_ verdict: Verdict) -> Bool {
        verdict == .duplicate || verdict == .cooldown || verdict == .tenantRateLimit
    }

    /// Names a set of alerts that are told of together. The lengths stand before the texts, so that no two lists of texts
    /// share a name.
    package static func name(receiver: String, tenant: String, domain: String) -> String {
        Fingerprint(
            of: "\(receiver.utf8.count):\(receiver):\(tenant.utf8.count):\(tenant):\(domain)"
        ).description
    }

    package var name: String { Self.name(receiver: self.receiver, tenant: self.tenant, domain: self.domain) }

    private static func isBefore(_ one: String, _ other: String) -> Bool {
        one.utf8.lexicographicallyPrecedes(other.utf8)
    }

    package var total: Int { self.counts.values.reduce(0, +) }
}

// MARK: - The digest

extension HeldBack {
    package static let digestType = "DIGEST"

    /// The alert that tells of it.
    package func digest(at now: Timestamp) -> Alert {
        let total = self.total
        let counts = self.counts.sorted { $0.key < $1.key }
        let byType = Dictionary(grouping: counts) { ExactText($0.key.type) }
            .map { (type: $0.key.text, count: $0.value.reduce(0) { $0 + $1.value }) }
            .sorted { $0.count == $1.count ? Self.isBefore($0.type, $1.type) : $0.count > $1.count }
        let kinds = byType.prefix(5).map { "\($0.count) \($0.type)" }.joined(separator: ", ")
        let more = byType.count > 5 ? ", …" : ""
        return Alert(
            id: "DIGEST-\(self.name)-\(self.since)",
            type: Self.digestType,
            severity: self.counts.keys.map(\.severity).max() ?? .low,
            domain: self.domain,
            tenant: self.tenant,
            runID: Alert.unknownRun,
            key: "digest:\(self.receiver)",
            summary: ClippedText.text(
                "\(total) \(total == 1 ? "alert" : "alerts") of domain \(self.domain) held back since "
                    + "\(Timestamp(microseconds: self.since).inWords): \(kinds)\(more)"
            ),
            details: .object([
                JSONMember("held_back", .number(total)),
                JSONMember("since", .string(Timestamp(microseconds: self.since).iso8601)),
                JSONMember("counts", .array(counts.map { Self.row($0.key, $0.value) })),
                JSONMember("first", Self.row(self.first)), JSONMember("last", Self.row(self.last)),
            ]),
            handler: SystemAlerts.handler,
            event: nil,
            raisedAt: now
        )
    }

    /// Straight to the receiver, whatever the routes say: each receiver is told what was held back from it.
    package var digestRoute: RouteMatch {
        RouteMatch(
            routeID: "digest:\(self.receiver)",
            receivers: [self.receiver],
            groupBy: .eachAlert,
            timing: GroupTiming(wait: .zero),
            mute: [],
            path: ["digest"]
        )
    }

    private static func row(_ kind: Kind, _ count: Int) -> JSONValue {
        [
            "verdict": .string(kind.verdict.rawValue), "type": .string(kind.type),
            "severity": .string(kind.severity.rawValue), "alerts": .number(count),
        ]
    }

    private static func row(_ example: Example) -> JSONValue {
        [
            "alert_id": .string(example.alertID), "type": .string(example.subject.type),
            "severity": .string(example.subject.severity.rawValue), "run_id": .string(example.subject.runID),
            "summary": .string(example.subject.summary),
        ]
    }
}

/// What was held back and is not told of yet, where it is known of whom and from whom.
struct HeldBackSet: Sendable, Hashable {
    private var counts = ShortTable<HeldBack.Kind, Int>()
    private let first: HeldBack.Example
    private var last: HeldBack.Example
    private let since: Int64
    /// When it is told.
    let due: Int64

    init(_ kind: HeldBack.Kind, _ example: HeldBack.Example, since: Int64, due: Int64) {
        self.first = example
        self.last = example
        self.since = since
        self.due = due
        self.count(kind, example)
    }

    /// One more.
    mutating func count(_ kind: HeldBack.Kind, _ example: HeldBack.Example) {
        let place = self.counts.place(of: kind, orAdd: 0)
        self.counts[place] += 1
        self.last = example
    }

    func heldBack(from receiver: String, _ tenant: String, _ domain: String) -> HeldBack {
        HeldBack(
            receiver: receiver,
            tenant: tenant,
            domain: domain,
            counts: Dictionary(
                uniqueKeysWithValues: self.counts.indices.map { (self.counts.key(at: $0), self.counts[$0]) }
            ),
            first: self.first,
            last: self.last,
            since: self.since,
            due: self.due
        )
    }
}
