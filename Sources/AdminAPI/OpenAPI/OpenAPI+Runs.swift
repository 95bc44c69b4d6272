import Events

extension OpenAPI {
    /// What is asked about runs and limits.
    static var runPaths: [JSONMember] {
        let tenant: JSONValue = ["name": "tenant", "in": "query", "schema": ["$ref": "#/components/schemas/Word"]]
        let status: JSONValue = ["name": "status", "in": "query", "schema": ["$ref": "#/components/schemas/RunStatus"]]
        let open: JSONValue = [
            "name": "open", "in": "query", "schema": ["type": "boolean"],
            "description": "Only runs that have not ended, or only those that have.",
        ]
        let since: JSONValue = [
            "name": "since", "in": "query", "description": "Started at this time or later.",
            "schema": ["$ref": "#/components/schemas/Time"],
        ]
        let after: JSONValue = [
            "name": "after", "in": "query", "description": "What an earlier answer gave as `next`.",
            "schema": ["type": "string", "pattern": #"^[0-9]{1,18}\.[a-z0-9]{1,64}$"#],
        ]
        let entries: JSONValue = [
            "name": "limit", "in": "query", "description": "Most entries that are returned.",
            "schema": ["type": "integer", "minimum": 1, "maximum": 10000, "default": 1000],
        ]
        return [
            Self.path(
                .runs,
                Self.get(
                    "runs",
                    "What is known of runs, the newest first.",
                    "Runs",
                    parameters: ["limit"],
                    inline: [tenant, status, open, since, after]
                )
            ),
            Self.path(
                .run,
                Self.get(
                    "run",
                    "What happened to a run: events, expectations, acknowledgements, findings, alerts and what was decided "
                        + "about them, the earliest first.",
                    "RunDetail",
                    parameters: ["id"],
                    inline: [entries],
                    problems: [.notFound]
                )
            ),
            Self.path(
                .thresholds,
                Self.get(
                    "thresholds",
                    "Handlers that watch limits, and what is nearest to them or beyond.",
                    "Thresholds",
                    parameters: ["limit"]
                )
            ),
        ]
    }

    static let runSchemas = #"""
        {
          "RunStatus": {"type": "string", "enum": ["UNKNOWN", "PENDING", "COMPLETE", "INCOMPLETE", "STALE"]},
          "Run": {"type": "object", "additionalProperties": false,
            "required": ["run_id", "tenant", "status", "started_at"],
            "properties": {
              "run_id": {"type": "string"}, "tenant": {"type": "string"}, "agent": {"type": "string"},
              "status": {"$ref": "#/components/schemas/RunStatus"},
              "started_at": {"$ref": "#/components/schemas/Time"},
              "deadline_at": {"$ref": "#/components/schemas/Time"},
              "ended_at": {"$ref": "#/components/schemas/Time"},
              "outcome": {"type": "string", "description": "completed, failed or halted."},
              "details": {"description": "What else is known, without secrets."}}},
          "Runs": {"type": "object", "required": ["runs"], "additionalProperties": false, "properties": {
            "runs": {"type": "array", "items": {"$ref": "#/components/schemas/Run"}},
            "next": {"type": "string", "description": "For the next page, as `after`; missing on the last one."}}},
          "RunDetail": {"type": "object", "required": ["run_id", "entries", "cut"], "additionalProperties": false,
            "properties": {
              "run_id": {"type": "string"}, "run": {"$ref": "#/components/schemas/Run"},
              "risk": {"type": "string", "enum": ["NORMAL", "NEAR_THRESHOLD", "AT_RISK", "VIOLATED"],
                "description": "The highest risk that was told of the run; missing when none was."},
              "cut": {"type": "boolean", "description": "Whether there are more entries than were asked for."},
              "entries": {"type": "array", "items": {"type": "object", "additionalProperties": false,
                "required": ["at", "kind", "summary", "data"],
                "properties": {"at": {"$ref": "#/components/schemas/Time"},
                  "kind": {"type": "string", "enum": ["event", "expectation", "acknowledgement", "finding", "alert",
                    "receipt", "threshold", "heartbeat", "quarantine", "delivery"]},
                  "summary": {"type": "string"},
                  "data": {"type": "object", "description": "The fields of its kind, without secrets."}}}}}},
          "Thresholds": {"type": "object", "required": ["thresholds"], "additionalProperties": false, "properties": {
            "thresholds": {"type": "array", "items": {"type": "object", "additionalProperties": false,
              "required": ["handler", "kind", "watched", "evicted", "standings"],
              "properties": {"handler": {"type": "string"},
                "kind": {"type": "string", "enum": ["aggregate", "runs", "signals"]},
                "metric": {"type": "string"}, "aggregate": {"type": "string"},
                "window_seconds": {"type": "number"}, "limit": {"type": "number"},
                "watched": {"$ref": "#/components/schemas/Count"}, "evicted": {"$ref": "#/components/schemas/Count"},
                "standings": {"type": "array", "items": {"type": "object", "additionalProperties": false,
                  "required": ["key", "tenant", "run_id"],
                  "properties": {"key": {"type": "string"}, "tenant": {"type": "string"},
                    "run_id": {"type": "string"}, "value": {"type": "number"}, "percentage": {"type": "number"},
                    "tier": {"type": "string", "description": "The highest tier that is reached, or the run's risk."}}}}}}}}}
        }
        """#
}
