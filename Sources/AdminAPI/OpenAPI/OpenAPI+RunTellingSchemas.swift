extension OpenAPI {
    /// Schemas of what is told of runs, and of workers.
    static let runTellingSchemas = #"""
        {
          "Name": {"type": "string", "pattern": "^[!-~]{1,128}$"},
          "NewExpectation": {"type": "object", "additionalProperties": false,
            "required": ["id", "domain", "action", "deadline_ms"],
            "properties": {"id": {"$ref": "#/components/schemas/Name"},
              "domain": {"$ref": "#/components/schemas/Name"}, "action": {"$ref": "#/components/schemas/Name"},
              "deadline_ms": {"type": "integer", "minimum": 1, "maximum": 315360000000},
              "tenant_id": {"$ref": "#/components/schemas/Name"}}},
          "NewAck": {"type": "object", "additionalProperties": false, "required": ["id", "domain", "action"],
            "properties": {"id": {"$ref": "#/components/schemas/Name"},
              "domain": {"$ref": "#/components/schemas/Name"}, "action": {"$ref": "#/components/schemas/Name"},
              "status": {"type": "string", "enum": ["SUCCESS", "FAILED", "ROLLED_BACK"], "default": "SUCCESS"},
              "result_id": {"$ref": "#/components/schemas/Name"}, "error": {"$ref": "#/components/schemas/Name"},
              "tenant_id": {"$ref": "#/components/schemas/Name"}}},
          "RunTold": {"type": "object", "additionalProperties": false, "required": ["run_id", "status"],
            "properties": {"run_id": {"type": "string"},
              "status": {"type": "string", "enum": ["UNKNOWN", "PENDING", "COMPLETE", "INCOMPLETE", "STALE"]}}},
          "Heartbeats": {"type": "object", "required": ["heartbeats"], "additionalProperties": false, "properties": {
            "heartbeats": {"type": "array", "items": {"type": "object", "additionalProperties": false,
              "required": ["handler", "worker", "state", "gaps_seconds"],
              "properties": {"handler": {"type": "string"}, "worker": {"type": "string"},
                "state": {"type": "string", "enum": ["new", "up", "grace", "down", "paused"]},
                "last_beat": {"$ref": "#/components/schemas/Time"},
                "expected_at": {"$ref": "#/components/schemas/Time"},
                "down_at": {"$ref": "#/components/schemas/Time"},
                "down_since": {"$ref": "#/components/schemas/Time"},
                "gaps_seconds": {"type": "array", "items": {"type": "number"}}}}}}}
        }
        """#
}
