import Events

/// How much is kept of alerts that stand.
package enum StandingBounds {
    /// Alerts of one identity with different labels that receivers were told of, at most; the end of further ones is not
    /// told.
    package static let told = 16
    /// Microseconds after which what is not raised again is forgotten; Alertmanager's retention of 120 h.
    package static let retention: Int64 = 120 * 3_600_000_000
}

/// An alert that will be resolved, as far as that needs it.
struct StandingAlert: Sendable, Hashable {
    /// The newest, whether or not anybody was told of it.
    var newest: Alert
    /// Those that somebody was told of, by the fingerprint of their labels.
    var told: [String: Alert] = [:]
    var fires = true
    var history = FlapHistory()
    var flapping = FlapState.steady
    /// When the coming and going counts as settled; nil while there is none.
    var settlesAt: Int64?
    /// Where it left marks of inhibition.
    var inhibitionKeys: Set<String> = []
    var touchedAt: Int64

    init(_ alert: Alert, at now: Int64) {
        self.newest = alert
        self.touchedAt = now
    }

    mutating func tell(_ alert: Alert) {
        let labels = AlertLabels(alert).fingerprintText
        guard self.told.count < StandingBounds.told || self.told[labels] != nil else { return }
        self.told[labels] = alert
    }

    /// Takes note that it fires, or no longer.
    mutating func note(fires: Bool, _ settings: FlappingSettings, at now: Int64) {
        self.fires = fires
        self.touchedAt = now
        guard settings.isEnabled else { return }
        self.history.add(fires)
        self.flapping = self.flapping.next(weight: self.history.weight, settings)
        if self.flapping == .steady {
            self.settlesAt = nil
        } else if self.history.hasJustChanged {
            self.settlesAt = now &+ settings.settlesAfter.wholeMicroseconds
        }
    }

    mutating func settle() {
        self.flapping = .steady
        self.settlesAt = nil
    }

    /// It has not changed for so long that its past says nothing any more.
    mutating func calmDown() {
        self.settle()
        self.history = FlapHistory()
        self.history.add(self.fires)
    }

    var percent: Int { self.history.weight / FlapWeights.ofPercent }

    /// Those that somebody was told of, in an order that is the same everywhere.
    var toldInOrder: [Alert] { self.told.sorted { $0.key < $1.key }.map(\.value) }
}
