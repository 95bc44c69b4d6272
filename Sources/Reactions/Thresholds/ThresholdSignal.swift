package import Events

/// That a limit is near, crossed, or no longer so: `threshold.exceeded` and `threshold.recovered`.
package struct ThresholdSignal: Sendable, Hashable {
    package var rule: String
    /// The tier's name: `near` or `breach`.
    package var tier: String
    package var key: String
    /// Of the event that was last seen for the key.
    package var runID: String
    package var tenant: String
    package var metric: String
    package var value: Double
    package var limit: Double
    package var at: Timestamp

    package static let exceededEvent = "threshold.exceeded"
    package static let recoveredEvent = "threshold.recovered"

    package var percentage: Double { self.value * 100 / self.limit }

    /// The six fields of the original, and whose limit it is.
    package var payload: JSONValue {
        .object([
            JSONMember("run_id", .string(self.runID)), JSONMember("tenant_id", .string(self.tenant)),
            JSONMember("metric", .string(self.metric)), JSONMember("current_value", .number(self.value)),
            JSONMember("threshold_value", .number(self.limit)), JSONMember("percentage", .number(self.percentage)),
            JSONMember("signal_type", .string(self.tier)), JSONMember("rule", .string(self.rule)),
            JSONMember("key", .string(self.key)),
        ])
    }
}
