package import ReactorRuntime

/// Answer of `/v1/handlers`, in the order of dispatch.
package struct HandlersResponse: Sendable, Hashable, Codable {
    package struct Handler: Sendable, Hashable, Codable {
        package var name: String
        /// Place in the order of dispatch, from 1; 0 when disabled.
        package var order: Int
        package var on: [String]
        package var hasMatch: Bool
        package var priority: Int
        package var isEnabled: Bool
        package var does: String
        /// `handlers/pager.yaml:3:1`
        package var location: String?
        package var dispatched: UInt64
        package var succeeded: UInt64
        package var failed: UInt64
        package var timedOut: UInt64
        package var inFlight: UInt64

        enum CodingKeys: String, CodingKey {
            case name
            case order
            case on
            case hasMatch = "has_match"
            case priority
            case isEnabled = "enabled"
            case does
            case location
            case dispatched
            case succeeded
            case failed
            case timedOut = "timed_out"
            case inFlight = "in_flight"
        }
    }

    package var handlers: [Handler]

    package init(_ handlers: [HandlerStatus]) {
        self.handlers = handlers.map(Handler.init)
    }
}

extension HandlersResponse.Handler {
    package init(_ status: HandlerStatus) {
        self.init(
            name: status.name,
            order: status.order,
            on: status.on,
            hasMatch: status.hasMatch,
            priority: status.priority,
            isEnabled: status.enabled,
            does: status.does,
            location: status.location,
            dispatched: status.dispatched,
            succeeded: status.succeeded,
            failed: status.failed,
            timedOut: status.timedOut,
            inFlight: status.inFlight
        )
    }
}
