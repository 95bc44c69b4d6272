import Events
import Reactions
import ReactorRuntime

/// Answer of `/v1/heartbeats`: by handler and name.
package struct HeartbeatsResponse: Sendable, Hashable, Codable {
    package struct Worker: Sendable, Hashable, Codable {
        package var handler: String
        package var worker: String
        /// `new`, `up`, `grace`, `down` or `paused`.
        package var state: String
        package var lastBeat: String?
        package var expectedAt: String?
        package var downAt: String?
        package var downSince: String?
        /// Between its last beats, the newest last.
        package var gapsSeconds: [Double]

        enum CodingKeys: String, CodingKey {
            case handler
            case worker
            case state
            case lastBeat = "last_beat"
            case expectedAt = "expected_at"
            case downAt = "down_at"
            case downSince = "down_since"
            case gapsSeconds = "gaps_seconds"
        }
    }

    package var heartbeats: [Worker]

    init(_ workers: [WorkerStatus]) {
        self.heartbeats = workers.map { status in
            Worker(
                handler: status.handler,
                worker: status.worker.key,
                state: status.worker.state.rawValue,
                lastBeat: status.worker.lastBeat?.rfc3339,
                expectedAt: status.worker.expectedAt?.rfc3339,
                downAt: status.worker.downAt?.rfc3339,
                downSince: status.worker.downSince?.rfc3339,
                gapsSeconds: status.worker.gaps.map(\.inSeconds)
            )
        }
    }
}

/// Answer to what was told of a run: it is known, and stays so.
package struct RunToldResponse: Sendable, Hashable, Codable {
    package var runID: String
    /// A word of `ContractStatus`.
    package var status: String

    enum CodingKeys: String, CodingKey {
        case runID = "run_id"
        case status
    }
}
