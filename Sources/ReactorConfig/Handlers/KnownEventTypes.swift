/// The event types that agent platforms are known to publish or to listen to, and the reactor's own.
enum KnownEventTypes {
    static let all: [String] =
        Self.runs + Self.governance + Self.audit + Self.work
        + Self.suffixed("job.audit.job", ["created", "scheduled", "started", "progress", "completed", "failed"])
        + Self.suffixed("job.audit.job", ["retried", "cancelled", "dead_lettered"])
        + Self.suffixed("mcp.audit.tool_invocation", ["requested", "allowed", "denied"])
        + Self.suffixed("mcp.audit.tool_invocation", ["started", "completed", "failed"])
        + Self.suffixed("mcp.audit.server", ["registered", "unregistered", "health_changed"])

    static let set = Set(Self.all)

    private static let runs = [
        "run.started", "run.step.completed", "run.completed", "run.failed", "run.halted", "run.retry_scheduled",
        "trace.started", "trace.completed", "step.enforcement.halted", "step.enforcement.passed",
        "step.enforcement.skipped", "cost.recorded", "run.pause_requested", "run.progress", "run.paused", "run.resumed",
    ]

    private static let governance = [
        "incident.created", "incident.resolved", "policy.evaluated", "threshold.exceeded", "hallucination.detected",
        "governance_state_changed", "mcp.audit.policy_updated",
    ]

    private static let audit = [
        "audit.reconciliation.missing", "audit.reconciliation.drift", "audit.reconciliation.stale",
        "audit.reconciliation.failed", "audit.reconciliation.late", "audit.expectation.timeout",
        "audit.expectation.declared", "audit.ack",
    ]

    private static let work = [
        "worker.heartbeat", "worker.paused", "worker.resumed", "worker.pool.started", "worker.pool.stopped",
        "job.killed_by_switch", "job.progress.updated",
        "reactor.heartbeat", "reactor.stopping", "reactor.unhealthy", "reactor.peer_lost",
    ]

    private static func suffixed(_ stem: String, _ ends: [String]) -> [String] { ends.map { "\(stem)_\($0)" } }
}
