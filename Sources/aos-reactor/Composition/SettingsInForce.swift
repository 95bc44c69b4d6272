import Reactions
import Synchronization

/// The settings of alerts that are in force; a reload puts others in their place.
final class SettingsInForce: Sendable {
    private let state: Mutex<AlertSettings>

    init(_ settings: AlertSettings) {
        self.state = Mutex(settings)
    }

    var current: AlertSettings {
        get { self.state.withLock { $0 } }
        set { self.state.withLock { $0 = newValue } }
    }
}
