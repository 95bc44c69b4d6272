import Events
import Reactions

/// Answer of `/v1/thresholds`: who watches which limit, and what is nearest to it or beyond.
package struct ThresholdsResponse: Sendable, Hashable, Codable {
    package struct Threshold: Sendable, Hashable, Codable {
        package var handler: String
        package var kind: String
        package var metric: String?
        package var aggregate: String?
        package var windowSeconds: Double?
        package var limit: Double?
        package var watched: Int
        package var evicted: UInt64
        package var standings: [Standing]

        enum CodingKeys: String, CodingKey {
            case handler
            case kind
            case metric
            case aggregate
            case windowSeconds = "window_seconds"
            case limit
            case watched
            case evicted
            case standings
        }
    }

    package struct Standing: Sendable, Hashable, Codable {
        package var key: String
        package var tenant: String
        package var runID: String
        package var tier: String?
        package var value: Double?
        package var percentage: Double?

        enum CodingKeys: String, CodingKey {
            case key
            case tenant
            case runID = "run_id"
            case tier
            case value
            case percentage
        }
    }

    package var thresholds: [Threshold]
}

extension ThresholdsResponse {
    init(_ statuses: [ThresholdStatus]) {
        self.thresholds = statuses.map { status in
            Threshold(
                handler: status.handler,
                kind: status.kind.rawValue,
                metric: status.metric,
                aggregate: status.aggregate,
                windowSeconds: status.window?.inSeconds,
                limit: status.limit,
                watched: status.watched,
                evicted: status.evicted,
                standings: status.standings.map { standing in
                    Standing(
                        key: standing.key,
                        tenant: standing.tenant,
                        runID: standing.runID,
                        tier: standing.tier,
                        value: standing.value.flatMap { $0.isFinite ? $0 : nil },
                        percentage: standing.percentage.flatMap { $0.isFinite ? $0 : nil }
                    )
                }
            )
        }
    }
}
