/// Everything that decides who is told of an alert, and whether. Takes force as one: a decision is made by one version
/// of it.
package struct AlertSettings: Sendable, Hashable {
    package var fatigue = FatigueSettings()
    package var flapping = FlappingSettings()
    package var inhibition: [InhibitionRule] = []
    /// By name; routes name those in which they are silent.
    package var muteIntervals: [String: MuteInterval] = [:]
    package var receivers: [ReceiverDefinition] = [.log]
    package var routing: RoutingTree = .everything(to: [ReceiverDefinition.log.name])
    /// Told of what was held back, when a window closes; false for nobody.
    package var sendsDigests = true

    package init(fatigue: FatigueSettings = FatigueSettings()) {
        self.fatigue = fatigue
    }
}

/// When an alert that comes and goes counts as flapping. Nagios' method: of the last 21 states, the share of changes,
/// the newest weighted 1.5 times the oldest.
package struct FlappingSettings: Sendable, Hashable {
    package var isEnabled = true
    /// Flapping begins above this share of weighted changes, in percent. Kapacitor's usual values.
    package var highPercent = 50
    /// And ends below this one.
    package var lowPercent = 25
    /// What has not changed for so long has settled: nothing need come for that to be told.
    package var settlesAfter = Duration.seconds(900)

    package init() {}
}
