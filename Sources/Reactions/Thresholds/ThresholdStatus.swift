/// A threshold handler as it is shown to people.
package struct ThresholdStatus: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case aggregate
        case runs
        case signals
    }

    /// How one key stands.
    package struct Standing: Sendable, Hashable {
        package var key: String
        package var tenant: String
        package var runID: String
        /// The highest tier that is reached, or the run's risk; nil for none.
        package var tier: String?
        package var value: Double?
        package var percentage: Double?

        package init(
            key: String,
            tenant: String,
            runID: String,
            tier: String? = nil,
            value: Double? = nil,
            percentage: Double? = nil
        ) {
            self.key = key
            self.tenant = tenant
            self.runID = runID
            self.tier = tier
            self.value = value
            self.percentage = percentage
        }
    }

    package var handler: String
    package var kind: Kind
    package var metric: String?
    package var aggregate: String?
    package var window: Duration?
    package var limit: Double?
    /// Keys or runs.
    package var watched: Int
    /// Those that had to go for others.
    package var evicted: UInt64
    package var standings: [Standing]

    package init(
        handler: String,
        kind: Kind,
        metric: String? = nil,
        aggregate: String? = nil,
        window: Duration? = nil,
        limit: Double? = nil,
        watched: Int,
        evicted: UInt64,
        standings: [Standing]
    ) {
        self.handler = handler
        self.kind = kind
        self.metric = metric
        self.aggregate = aggregate
        self.window = window
        self.limit = limit
        self.watched = watched
        self.evicted = evicted
        self.standings = standings
    }
}

extension ThresholdDetector {
    /// Keys, those nearest to their limit or farthest beyond it first.
    package func standings(_ limit: Int) -> [ThresholdStatus.Standing] {
        let all = self.inOrder.map { entry in (entry: entry, value: entry.window.value(seconds: self.seconds)) }
        let sorted = all.sorted { ($1.value, $0.entry.key) < ($0.value, $1.entry.key) }
        return sorted.prefix(limit).map { entry, value in
            let highest = self.rule.tiers.indices.prefix(Self.maxTiers).last { entry.reached & (1 << $0) != 0 }
            return ThresholdStatus.Standing(
                key: entry.key,
                tenant: entry.tenant,
                runID: entry.runID,
                tier: highest.map { self.rule.tiers[$0].name },
                value: value,
                percentage: value * 100 / self.rule.limit
            )
        }
    }
}
