import Events

/// Payloads of the findings that a reconciliation publishes about a run.
enum RunFinding {
    /// One of the expected actions was never acknowledged.
    static func missing(_ runID: JSONValue, of expected: Int = 4) -> JSONValue {
        [
            "run_id": runID, "missing_actions": [["incidents", "create_incident"]],
            "expected_count": .number(expected), "acked_count": .number(expected - 1),
        ]
    }

    /// An action was acknowledged that nobody expected.
    static func drift(_ runID: JSONValue) -> JSONValue {
        ["run_id": runID, "drift_actions": [["policies", "evaluate_policy"]]]
    }

    /// The run was not finalized in time.
    static func stale(_ runID: JSONValue, expectedBy: Timestamp, lastActivity: Timestamp) -> JSONValue {
        [
            "run_id": runID, "expected_finalize_by": .string(expectedBy.iso8601),
            "last_activity": .string(lastActivity.iso8601),
        ]
    }
}
