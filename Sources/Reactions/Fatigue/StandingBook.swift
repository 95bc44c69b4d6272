/// The alerts that stand and will be resolved, by their identity. Instants are those of the gate.
struct StandingBook: Sendable, Hashable {
    private var alerts: [Fingerprint: StandingAlert] = [:]
    /// The earliest time at which a coming and going may count as settled.
    private(set) var nextSettling: Int64?
    /// Alerts at which those that nobody has heard of for long are looked for.
    private var sweepAt = 1024

    subscript(fingerprint: Fingerprint) -> StandingAlert? {
        get { self.alerts[fingerprint] }
        set {
            self.alerts[fingerprint] = newValue
            if let settlesAt = newValue?.settlesAt {
                self.nextSettling = min(self.nextSettling ?? settlesAt, settlesAt)
            }
        }
    }

    mutating func raise(_ alert: Alert, _ fingerprint: Fingerprint, _ settings: FlappingSettings, at now: Int64) {
        guard alert.lasts else { return }
        var standing = self.alerts[fingerprint] ?? StandingAlert(alert, at: now)
        standing.newest = alert
        standing.note(fires: true, settings, at: now)
        self[fingerprint] = standing
        guard self.alerts.count >= self.sweepAt else { return }
        self.alerts = self.alerts.filter { now &- $0.value.touchedAt < StandingBounds.retention }
        self.sweepAt = max(1024, self.alerts.count * 2)
    }

    mutating func tell(_ alert: Alert, _ fingerprint: Fingerprint) {
        guard alert.lasts else { return }
        self.alerts[fingerprint]?.tell(alert)
    }

    mutating func noteMarks(_ keys: [String], of fingerprint: Fingerprint) {
        self.alerts[fingerprint]?.inhibitionKeys.formUnion(keys)
    }

    /// For an alert that nothing but its coming and going can hold back.
    mutating func judgeFlapping(_ fingerprint: Fingerprint, isRouted: Bool, _ decision: inout FatigueDecision) {
        guard var standing = self.alerts[fingerprint] else { return }
        switch standing.flapping {
        case .steady: return
        case .told: decision.hold(flapping: standing.percent)
        case .begun where isRouted:
            decision.tell(.flappingBegan(percent: standing.percent))
            standing.flapping = .told
        case .ended where isRouted:
            decision.tell(.flappingEnded(percent: standing.percent))
            standing.settle()
        case .begun, .ended: return
        }
        self.alerts[fingerprint] = standing
    }

    /// Identities whose coming and going has settled by now, in an order that is the same everywhere.
    mutating func settled(at now: Int64) -> [Fingerprint] {
        guard let nextSettling, nextSettling <= now else { return [] }
        let settled = self.alerts.filter { $0.value.settlesAt.map { $0 <= now } ?? false }
        self.nextSettling = self.alerts.values.compactMap(\.settlesAt).filter { $0 > now }.min()
        return settled.sorted { ($0.value.settlesAt ?? 0, $0.key.value) < ($1.value.settlesAt ?? 0, $1.key.value) }
            .map(\.key)
    }
}
