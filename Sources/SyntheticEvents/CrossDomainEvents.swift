import Events

/// The eleven events with which the original system tested its reactor across domains, in the order of publishing.
package enum CrossDomainEvents {
    package static func all(runID: String = "run-cross-domain", tenantID: String = "tenant-test") -> [SyntheticEvent] {
        let run = JSONValue.string(runID)
        let tenant = JSONValue.string(tenantID)
        return [
            Self.event("run.started", ["run_id": run, "tenant_id": tenant, "agent_id": "agent-1"]),
            Self.event(
                "run.completed",
                [
                    "run_id": run, "tenant_id": tenant, "status": "succeeded", "duration_ms": 1250,
                    "total_cost": .number(0.05),
                ]
            ),
            Self.event(
                "run.failed",
                ["run_id": run, "tenant_id": tenant, "error_code": "TIMEOUT", "error_message": "the run took too long"]
            ),
            Self.event(
                "incident.created",
                [
                    "incident_id": "inc-1", "run_id": run, "tenant_id": tenant, "severity": "HIGH",
                    "reason": "run failed",
                ]
            ),
            Self.event("incident.resolved", ["incident_id": "inc-1", "run_id": run, "resolution": "retried"]),
            Self.event(
                "policy.evaluated",
                ["run_id": run, "tenant_id": tenant, "policy_id": "pol-1", "decision": "ALLOW", "violations": []]
            ),
            Self.event("threshold.exceeded", Self.threshold(run, tenant)),
            Self.event("trace.started", ["trace_id": "trace-1", "run_id": run, "tenant_id": tenant]),
            Self.event(
                "trace.completed",
                ["trace_id": "trace-1", "run_id": run, "step_count": 5, "status": "completed"]
            ),
            Self.event("audit.reconciliation.missing", RunFinding.missing(run)),
            Self.event("audit.reconciliation.drift", RunFinding.drift(run)),
        ]
    }

    private static func threshold(_ run: JSONValue, _ tenant: JSONValue) -> JSONValue {
        [
            "run_id": run, "tenant_id": tenant, "metric": "cost_usd", "current_value": .number(95.0),
            "threshold_value": .number(100.0), "percentage": .number(95.0),
        ]
    }

    private static func event(_ type: String, _ payload: JSONValue) -> SyntheticEvent {
        SyntheticEvent(type, source: "test", payload: payload)
    }
}
