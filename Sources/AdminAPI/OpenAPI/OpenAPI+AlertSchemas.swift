import Reactions

extension OpenAPI {
    private static func words<Word: RawRepresentable & CaseIterable>(_ type: Word.Type) -> String
    where Word.RawValue == String {
        Word.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
    }

    /// What is told about alerts, and what is sent to change something.
    static let alertSchemas = #"""
        {
          "Word": {"type": "string", "minLength": 1, "maxLength": 128},
          "Verdict": {"type": "string", "enum": [\#(Self.words(Verdict.self))]},
          "Severity": {"type": "string", "enum": [\#(Self.words(Severity.self))]},
          "DeliveryStatus": {"type": "string", "enum": [\#(Self.words(DeliveryRecord.Status.self))]},
          "ReceiverKind": {"type": "string", "enum": [\#(Self.words(ReceiverKind.self))]},
          "Event": {"type": "object", "required": ["arrival", "event_type", "timestamp", "arrived_at", "source"],
            "additionalProperties": false,
            "properties": {"arrival": {"$ref": "#/components/schemas/Count"}, "event_type": {"type": "string"},
              "timestamp": {"$ref": "#/components/schemas/Time"}, "arrived_at": {"$ref": "#/components/schemas/Time"},
              "source": {"type": "string"}, "event_id": {"type": "string"}}},
          "Alert": {"type": "object", "additionalProperties": false,
            "required": ["id", "type", "severity", "domain", "tenant", "run_id", "key", "summary", "handler", "receipt"],
            "properties": {
              "id": {"type": "string"}, "type": {"type": "string"},
              "severity": {"$ref": "#/components/schemas/Severity"},
              "domain": {"type": "string"}, "tenant": {"type": "string"}, "run_id": {"type": "string"},
              "key": {"type": "string"}, "summary": {"type": "string"},
              "details": {"description": "Missing where this reactor did not raise the alert, or long ago."},
              "handler": {"type": "string"}, "event": {"$ref": "#/components/schemas/Event"},
              "raised_at": {"$ref": "#/components/schemas/Time"},
              "receipt": {"$ref": "#/components/schemas/Receipt"}}},
          "Alerts": {"type": "object", "required": ["alerts", "source"], "additionalProperties": false, "properties": {
            "alerts": {"type": "array", "items": {"$ref": "#/components/schemas/Alert"}},
            "source": {"type": "string", "enum": ["store", "memory"],
              "description": "memory: there is no store or it cannot be asked, so these are this reactor's last alerts."},
            "next": {"type": "string", "description": "For the next page, as `before`; missing on the last one."}}},
          "AlertDetail": {"type": "object", "required": ["alert"], "additionalProperties": false, "properties": {
            "alert": {"$ref": "#/components/schemas/Alert"},
            "deliveries": {"type": "array", "items": {"$ref": "#/components/schemas/Delivery"}}}},
          "ReceiptEntry": {"type": "object", "additionalProperties": false,
            "required": ["alert_id", "type", "severity", "domain", "tenant", "run_id", "key", "summary", "handler",
              "receipt"],
            "properties": {
              "alert_id": {"type": "string"}, "type": {"type": "string"},
              "severity": {"$ref": "#/components/schemas/Severity"},
              "domain": {"type": "string"}, "tenant": {"type": "string"}, "run_id": {"type": "string"},
              "key": {"type": "string"}, "summary": {"type": "string"}, "handler": {"type": "string"},
              "event": {"$ref": "#/components/schemas/Event"},
              "receipt": {"$ref": "#/components/schemas/Receipt"}}},
          "Receipts": {"type": "object", "required": ["receipts"], "additionalProperties": false, "properties": {
            "receipts": {"type": "array", "items": {"$ref": "#/components/schemas/ReceiptEntry"}},
            "next": {"type": "string", "description": "For the next page, as `before`; missing on the last one."}}},
          "Fatigue": {"type": "object", "additionalProperties": false,
            "required": ["tenant", "alerts_in_last_hour", "max_alerts_per_hour", "alerts_by_domain", "fatigue_enabled",
              "settings"],
            "properties": {
              "tenant": {"type": "string"}, "alerts_in_last_hour": {"$ref": "#/components/schemas/Count"},
              "max_alerts_per_hour": {"$ref": "#/components/schemas/Count"},
              "alerts_by_domain": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Count"}},
              "fatigue_enabled": {"type": "boolean"},
              "settings": {"type": "object", "additionalProperties": false,
                "required": ["enabled", "dedup_window_seconds", "max_per_hour", "cooldown_seconds",
                  "default_cooldown_seconds"],
                "properties": {"enabled": {"type": "boolean"}, "dedup_window_seconds": {"type": "number"},
                  "max_per_hour": {"$ref": "#/components/schemas/Count"},
                  "cooldown_seconds": {"type": "object", "additionalProperties": {"type": "number"}},
                  "default_cooldown_seconds": {"type": "number"}}}}},
          "Silence": {"type": "object", "additionalProperties": false,
            "required": ["id", "matchers", "state", "starts_at", "ends_at", "created_by", "reason", "expire_on_resolve",
              "created_at", "updated_at"],
            "properties": {
              "id": {"type": "string"}, "matchers": {"type": "array", "items": {"type": "string"}},
              "state": {"type": "string", "enum": ["pending", "active", "expired"]},
              "starts_at": {"$ref": "#/components/schemas/Time"}, "ends_at": {"$ref": "#/components/schemas/Time"},
              "created_by": {"type": "string"}, "reason": {"type": "string"}, "expire_on_resolve": {"type": "boolean"},
              "created_at": {"$ref": "#/components/schemas/Time"},
              "updated_at": {"$ref": "#/components/schemas/Time"}}},
          "Silences": {"type": "object", "required": ["silences"], "additionalProperties": false, "properties": {
            "silences": {"type": "array", "items": {"$ref": "#/components/schemas/Silence"}}}},
          "Matchers": {"type": "array", "minItems": 1, "maxItems": 50,
            "description": "All must hold, and one must not match the empty text: severity=\"HIGH\", run_id=~\"x.*\".",
            "items": {"type": "string", "maxLength": 256}},
          "NewSilence": {"type": "object", "additionalProperties": false,
            "required": ["matchers", "created_by", "reason"],
            "oneOf": [{"required": ["ends_at"]}, {"required": ["duration_seconds"]}],
            "properties": {
              "matchers": {"$ref": "#/components/schemas/Matchers"},
              "starts_at": {"$ref": "#/components/schemas/Time"}, "ends_at": {"$ref": "#/components/schemas/Time"},
              "duration_seconds": {"type": "integer", "minimum": 1, "maximum": 31622400},
              "created_by": {"$ref": "#/components/schemas/Line"}, "reason": {"$ref": "#/components/schemas/Line"},
              "expire_on_resolve": {"type": "boolean", "default": false,
                "description": "Ends it when the alerts that fire now are resolved: an acknowledgement."}}},
          "Line": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[ -~]+$"},
          "NewPreview": {"type": "object", "required": ["matchers"], "additionalProperties": false,
            "properties": {"matchers": {"$ref": "#/components/schemas/Matchers"}}},
          "SilencePreview": {"type": "object", "required": ["examined", "matching", "receipts"],
            "additionalProperties": false,
            "properties": {"examined": {"$ref": "#/components/schemas/Count"},
              "matching": {"$ref": "#/components/schemas/Count"},
              "receipts": {"type": "array", "items": {"$ref": "#/components/schemas/ReceiptEntry"}}}},
          "Audit": {"type": "object", "required": ["entries"], "additionalProperties": false, "properties": {
            "entries": {"type": "array", "items": {"type": "object", "additionalProperties": false,
              "required": ["at", "actor", "action", "subject", "detail"],
              "properties": {"at": {"$ref": "#/components/schemas/Time"}, "actor": {"type": "string"},
                "action": {"type": "string"}, "subject": {"type": "string"}, "detail": {"type": "string"}}}}}},
          "Receivers": {"type": "object", "required": ["receivers"], "additionalProperties": false, "properties": {
            "receivers": {"type": "array", "items": {"type": "object", "additionalProperties": false,
              "required": ["name", "kind", "target", "allow_private", "concurrency", "timeout_seconds", "send_resolved"],
              "properties": {"name": {"type": "string"}, "kind": {"$ref": "#/components/schemas/ReceiverKind"},
                "target": {"type": "string", "description": "Addresses are shown up to their host."},
                "allow_private": {"type": "boolean"}, "concurrency": {"$ref": "#/components/schemas/Count"},
                "timeout_seconds": {"type": "number"}, "send_resolved": {"type": "boolean"}}}}}},
          "NewTest": {"type": "object", "additionalProperties": false, "properties": {
            "receiver": {"$ref": "#/components/schemas/Line"}, "severity": {"$ref": "#/components/schemas/Severity"},
            "domain": {"$ref": "#/components/schemas/Line"}, "type": {"$ref": "#/components/schemas/Line"},
            "tenant_id": {"$ref": "#/components/schemas/Line"}, "run_id": {"$ref": "#/components/schemas/Line"},
            "handler": {"$ref": "#/components/schemas/Line"}, "key": {"$ref": "#/components/schemas/Line"},
            "summary": {"$ref": "#/components/schemas/Line"}}},
          "AlertTest": {"type": "object", "required": ["alert_id", "routes", "results"], "additionalProperties": false,
            "properties": {"alert_id": {"type": "string"},
              "routes": {"type": "array", "items": {"type": "array", "items": {"type": "string"}}},
              "results": {"type": "array", "items": {"type": "object", "additionalProperties": false,
                "required": ["receiver", "outcome", "seconds"],
                "properties": {"receiver": {"type": "string"}, "kind": {"$ref": "#/components/schemas/ReceiverKind"},
                  "outcome": {"type": "string", "enum": ["delivered", "retry", "dead", "gone"]},
                  "reason": {"type": "string"}, "seconds": {"type": "number"}}}}}},
          "Delivery": {"type": "object", "additionalProperties": false,
            "required": ["id", "receiver", "kind", "status", "alert_ids", "tenant", "title", "attempts", "created_at",
              "updated_at", "instance"],
            "properties": {
              "id": {"type": "string"}, "receiver": {"type": "string"},
              "kind": {"$ref": "#/components/schemas/ReceiverKind"},
              "status": {"$ref": "#/components/schemas/DeliveryStatus"},
              "alert_ids": {"type": "array", "items": {"type": "string"}}, "tenant": {"type": "string"},
              "title": {"type": "string"}, "attempts": {"$ref": "#/components/schemas/Count"},
              "next_attempt_at": {"$ref": "#/components/schemas/Time"}, "last_reason": {"type": "string"},
              "created_at": {"$ref": "#/components/schemas/Time"}, "updated_at": {"$ref": "#/components/schemas/Time"},
              "instance": {"type": "string"}}},
          "Deliveries": {"type": "object", "required": ["deliveries"], "additionalProperties": false, "properties": {
            "deliveries": {"type": "array", "items": {"$ref": "#/components/schemas/Delivery"}}}},
          "DeadLetter": {"type": "object", "required": ["delivery"], "additionalProperties": false, "properties": {
            "delivery": {"$ref": "#/components/schemas/Delivery"},
            "payload": {"description": "The message as a webhook gets it."}}},
          "NewRetry": {"type": "object", "additionalProperties": false,
            "properties": {"actor": {"$ref": "#/components/schemas/Line"}}},
          "DeadLetterChange": {"type": "object", "required": ["id", "action"], "additionalProperties": false,
            "properties": {"id": {"type": "string"},
              "action": {"type": "string", "enum": ["retried", "dropped"]}}}
        }
        """#
}
