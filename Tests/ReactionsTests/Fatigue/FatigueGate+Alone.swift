import Events
import Reactions

extension FatigueGate {
    /// Decides where there is no silence.
    mutating func decide(_ alert: Alert, at now: Timestamp) -> Receipt {
        var rules = AlertRules(self.settings)
        return self.decide(alert, rules.surroundings(of: alert, SilenceSet(), at: now), at: now)
    }
}
