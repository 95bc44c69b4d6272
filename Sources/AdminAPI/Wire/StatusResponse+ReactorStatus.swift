import Events
package import ReactorRuntime

extension StatusResponse {
    package init(_ status: ReactorStatus) {
        self.state = status.state
        self.instance = status.instance
        self.version = status.version
        self.configVersion = status.configVersion
        self.configError = status.configError
        self.durability = Durability(verdict: status.durability.verdict, reason: status.durability.reason)
        self.startedAt = status.startedAt?.rfc3339
        self.uptimeSeconds = status.uptime.inSeconds
        self.events = Events(
            received: status.received,
            matched: status.matched,
            unmatched: status.unmatched,
            quarantined: status.quarantined,
            dropped: status.dropped,
            lastAt: status.lastEventAt?.rfc3339
        )
        self.handlers = Handlers(
            registered: status.handlersRegistered,
            calls: status.handlerCalls,
            succeeded: status.handlersSucceeded,
            failed: status.handlersFailed,
            timedOut: status.handlersTimedOut,
            inFlight: status.handlersInFlight
        )
        self.ring = Ring(bytes: status.ringBytes, capacityBytes: status.ringCapacity)
        self.heartbeats = Heartbeats(sent: status.heartbeatsSent, missed: status.heartbeatsMissed)
        self.subscription = Subscription(reconnects: status.reconnects, gaps: status.gaps)
        self.peers = status.peers
    }
}
