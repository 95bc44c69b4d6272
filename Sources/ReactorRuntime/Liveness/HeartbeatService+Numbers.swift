package import Events
package import Reactions

extension HeartbeatService {
    /// What a heartbeat says about the reactor: the original's four numbers.
    package struct Report: Sendable {
        package var eventsReceived: UInt64
        package var eventsHandled: UInt64
        package var uptime: Duration
        package var handlersRegistered: Int

        /// Of a reactor that is gone.
        static let none = Report(eventsReceived: 0, eventsHandled: 0, uptime: .zero, handlersRegistered: 0)
    }

    package struct Counts: Sendable {
        package var sent: UInt64 = 0
        package var missed: UInt64 = 0
        package var missedInARow = 0
        package var unhealthy: HeartbeatJudge.Cause?
        package var episodes: [HeartbeatJudge.Cause: UInt64] = [:]
        package var peers: [String] = []
        package var peersLost: UInt64 = 0
        package var loopDelay: Duration = .zero
        package var lastPulse: Timestamp?
    }
}
