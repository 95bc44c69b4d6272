package import EventPatterns
package import Events
package import Reactions

/// What the outside may know of a running reactor. Every answer is a copy; asking changes nothing.
package protocol ReactorInspecting: Sendable {
    func status() async -> ReactorStatus
    func health() async -> ReactorHealth
    func handlers() async -> [HandlerStatus]
    /// The newest first.
    func alerts(limit: Int) async -> [DecidedAlert]
    /// The newest first.
    func quarantine(limit: Int) async -> [QuarantineEntry]
    /// Handlers that watch limits, each with so many of those that are nearest to theirs.
    func thresholds(limit: Int) async -> [ThresholdStatus]
    /// All metrics in the Prometheus text format, taken at one instant.
    func metrics() async -> [UInt8]
    /// Events as they are handled, each as one line of JSON, until the consumer stops.
    func tap(on patterns: [TypePattern]) async -> AsyncStream<[UInt8]>
}

/// An alert and what was decided about it.
package struct DecidedAlert: Sendable {
    package var alert: Alert
    package var receipt: Receipt

    package init(alert: Alert, receipt: Receipt) {
        self.alert = alert
        self.receipt = receipt
    }
}

/// A frame that was not an event.
package struct QuarantineEntry: Sendable {
    /// A word of `QuarantineReason`.
    package var reason: String
    package var arrivedAt: Timestamp
    package var channel: String
    /// Length of the whole frame in bytes.
    package var length: Int
    /// The first 256 bytes.
    package var prefix: [UInt8]

    package init(reason: String, arrivedAt: Timestamp, channel: String, length: Int, prefix: [UInt8]) {
        self.reason = reason
        self.arrivedAt = arrivedAt
        self.channel = channel
        self.length = length
        self.prefix = prefix
    }
}

/// One handler and what it has done since it was loaded.
package struct HandlerStatus: Sendable {
    package var name: String
    /// Place in the order of dispatch, from 1; 0 when disabled.
    package var order: Int
    package var on: [String]
    package var hasMatch: Bool
    package var priority: Int
    package var enabled: Bool
    /// `rule: alert, publish`, `audit-alerts`, or `closure`.
    package var does: String
    package var location: String?
    package var dispatched: UInt64
    package var succeeded: UInt64
    package var failed: UInt64
    package var timedOut: UInt64
    package var inFlight: UInt64

    package init(
        name: String,
        order: Int,
        on: [String],
        hasMatch: Bool,
        priority: Int,
        enabled: Bool,
        does: String,
        location: String?,
        dispatched: UInt64,
        succeeded: UInt64,
        failed: UInt64,
        timedOut: UInt64,
        inFlight: UInt64
    ) {
        self.name = name
        self.order = order
        self.on = on
        self.hasMatch = hasMatch
        self.priority = priority
        self.enabled = enabled
        self.does = does
        self.location = location
        self.dispatched = dispatched
        self.succeeded = succeeded
        self.failed = failed
        self.timedOut = timedOut
        self.inFlight = inFlight
    }
}
