/// The description of this interface, written by hand: `/openapi.json`.
enum OpenAPI {
    /// The document as JSON.
    ///
    /// - Parameter version: of the reactor; an ordinary version string.
    static func document(version: String) -> String {
        let safe = String(version.unicodeScalars.filter { $0.isASCII && $0.value > 0x20 && $0 != "\"" && $0 != "\\" })
        return """
            {
            "openapi": "3.1.0",
            "info": {
              "title": "aos-reactor admin interface",
              "description": "Health, metrics and what the reactor does. Everything is read with GET or HEAD.",
              "version": "\(safe)"
            },
            "paths": \(self.paths),
            "components": {
              "responses": \(self.responses), "parameters": \(self.parameters), "schemas": \(self.schemas)
            }
            }
            """
    }

    private static let paths = #"""
        {
          "/healthz": {"get": {
            "operationId": "health", "summary": "Whether the process makes progress.",
            "responses": {
              "200": {"description": "It does.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Liveness"}}}},
              "503": {"description": "It does not, or the reactor did not answer in time.", "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/Liveness"}},
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}}}},
          "/readyz": {"get": {
            "operationId": "ready", "summary": "Whether events that are published now will be handled, part by part.",
            "responses": {
              "200": {"description": "They will.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Readiness"}}}},
              "503": {"description": "They will not, or the reactor did not answer in time.", "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/Readiness"}},
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}}}},
          "/metrics": {"get": {
            "operationId": "metrics", "summary": "Metrics in the Prometheus text format 0.0.4.",
            "responses": {
              "200": {"description": "The metrics, taken at one instant.",
                "content": {"text/plain": {"schema": {"type": "string"}}}},
              "503": {"$ref": "#/components/responses/Unavailable"}}}},
          "/version": {"get": {
            "operationId": "version", "summary": "Name and version of the program.",
            "responses": {
              "200": {"description": "The version.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Version"}}}}}}},
          "/openapi.json": {"get": {
            "operationId": "openapi", "summary": "This document.",
            "responses": {"200": {"description": "This document.",
              "content": {"application/json": {"schema": {"type": "object"}}}}}}},
          "/v1/status": {"get": {
            "operationId": "status", "summary": "The reactor in numbers.",
            "responses": {
              "200": {"description": "The numbers.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Status"}}}},
              "400": {"$ref": "#/components/responses/BadParameter"},
              "503": {"$ref": "#/components/responses/Unavailable"}}}},
          "/v1/handlers": {"get": {
            "operationId": "handlers", "summary": "Handlers in the order of dispatch, with what they have done.",
            "responses": {
              "200": {"description": "The handlers.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Handlers"}}}},
              "400": {"$ref": "#/components/responses/BadParameter"},
              "503": {"$ref": "#/components/responses/Unavailable"}}}},
          "/v1/alerts": {"get": {
            "operationId": "alerts",
            "summary": "Alerts with the receipts of what was decided about them, the newest first.",
            "parameters": [{"$ref": "#/components/parameters/limit"}],
            "responses": {
              "200": {"description": "The alerts.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Alerts"}}}},
              "400": {"$ref": "#/components/responses/BadParameter"},
              "503": {"$ref": "#/components/responses/Unavailable"}}}},
          "/v1/quarantine": {"get": {
            "operationId": "quarantine", "summary": "Messages that were not events, the newest first.",
            "parameters": [{"$ref": "#/components/parameters/limit"}],
            "responses": {
              "200": {"description": "The messages.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Quarantine"}}}},
              "400": {"$ref": "#/components/responses/BadParameter"},
              "503": {"$ref": "#/components/responses/Unavailable"}}}},
          "/v1/tap": {"get": {
            "operationId": "tap",
            "summary": "Events as they are handled, one line of JSON each, until the client goes.",
            "parameters": [{"name": "on", "in": "query", "style": "form", "explode": true,
              "description": "Event types: exact, `prefix.*` or `*`; several times or with commas.",
              "schema": {"type": "array", "items": {"type": "string"}, "default": ["*"]}}],
            "responses": {
              "200": {"description": "Lines of JSON without end.",
                "content": {"application/x-ndjson": {"schema": {"type": "string"}}}},
              "400": {"$ref": "#/components/responses/BadParameter"},
              "503": {"$ref": "#/components/responses/Unavailable"}}}}
        }
        """#

    private static let responses = #"""
        {
          "BadParameter": {"description": "The query holds something that is not asked for here.",
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}},
          "Unavailable": {"description": "The reactor did not answer in time, or is asked too much.",
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
        }
        """#

    private static let parameters = #"""
        {"limit": {"name": "limit", "in": "query", "description": "Most entries that are returned.",
          "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}}}
        """#
}
