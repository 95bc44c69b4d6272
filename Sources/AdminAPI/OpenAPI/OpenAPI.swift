import Events

/// The description of this interface, written by hand: `/openapi.json`.
enum OpenAPI {
    /// The document as JSON.
    ///
    /// - Parameter version: of the reactor; an ordinary version string.
    static func document(version: String) -> String {
        let safe = String(version.unicodeScalars.filter { $0.isASCII && $0.value > 0x20 && $0 != "\"" && $0 != "\\" })
        return Self.whole(version: safe).compactText
    }

    private static func whole(version: String) -> JSONValue {
        [
            "openapi": "3.1.0",
            "info": [
                "title": "aos-reactor admin interface",
                "description": .string(Self.about),
                "version": .string(version),
            ],
            // Without a token in the configuration nobody is asked for one.
            "security": [[:], ["token": []]],
            "paths": .object(
                (Self.members(Self.paths) + Self.alertPaths + Self.runPaths).map {
                    JSONMember($0.name, Self.guarded($0))
                }
            ),
            "components": [
                "securitySchemes": ["token": ["type": "http", "scheme": "bearer"]],
                "responses": Self.parsed(Self.responses),
                "parameters": Self.parsed(Self.parameters),
                "schemas": .object(
                    [Self.schemas, Self.alertSchemas, Self.runSchemas, Self.runTellingSchemas].flatMap(Self.members)
                ),
            ],
        ]
    }

    private static let about =
        "Health, metrics, what the reactor does, what was decided about alerts, and what happened to runs. Where http.token "
        + "is set, everything but /healthz and /readyz wants it. Errors are problem details of RFC 9457."

    /// A path whose operations say that a token may be missing.
    private static func guarded(_ path: JSONMember) -> JSONValue {
        let isOpen = [AdminRoute.health, .ready].map(\.path).contains(path.name)
        guard !isOpen, case .object(let operations) = path.value else { return path.value }
        let refusal = JSONMember("401", ["$ref": "#/components/responses/Unauthorized"])
        return .object(
            operations.map { operation in
                guard case .object(let members) = operation.value else { return operation }
                return JSONMember(
                    operation.name,
                    .object(
                        members.map { member in
                            guard member.name == "responses", case .object(let answers) = member.value else {
                                return member
                            }
                            return JSONMember(member.name, .object(answers + [refusal]))
                        }
                    )
                )
            }
        )
    }

    /// The texts of this document are part of the program, and tests read them.
    private static func parsed(_ text: String) -> JSONValue { (try? JSONValue.parse(text)) ?? .null }

    private static func members(_ text: String) -> [JSONMember] {
        guard case .object(let members) = Self.parsed(text) else { return [] }
        return members
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
          "Unauthorized": {"description": "The server wants its token, and the request does not show it.",
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}},
          "BadRequest": {"description": "The body or the query is not what is asked for here.",
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}},
          "NotFound": {"description": "There is none of that id.",
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}},
          "Conflict": {"description": "It is over, or there are too many.",
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}},
          "TooLarge": {"description": "The body is longer than 16 KiB.",
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}},
          "NotJSON": {"description": "The content-type is not application/json.",
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}},
          "BadParameter": {"description": "The query holds something that is not asked for here.",
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}},
          "Unavailable": {"description": "The reactor did not answer in time, or is asked too much.",
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
        }
        """#

    private static let parameters = #"""
        {"limit": {"name": "limit", "in": "query", "description": "Most entries that are returned.",
          "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}},
         "id": {"name": "id", "in": "path", "required": true,
          "schema": {"type": "string", "minLength": 1, "maxLength": 128}},
         "run": {"name": "run_id", "in": "query", "schema": {"$ref": "#/components/schemas/Word"}},
         "tenant": {"name": "tenant", "in": "query", "schema": {"$ref": "#/components/schemas/Word"}},
         "verdict": {"name": "verdict", "in": "query", "schema": {"$ref": "#/components/schemas/Verdict"}},
         "severity": {"name": "severity", "in": "query", "schema": {"$ref": "#/components/schemas/Severity"}},
         "since": {"name": "since", "in": "query", "description": "Decided at this time or later.",
          "schema": {"$ref": "#/components/schemas/Time"}},
         "before": {"name": "before", "in": "query", "description": "What an earlier answer gave as `next`.",
          "schema": {"type": "string", "pattern": "^[0-9]{1,18}(-[0-9]{1,9})?$"}},
         "receiver": {"name": "receiver", "in": "query", "schema": {"$ref": "#/components/schemas/Word"}},
         "actor": {"name": "X-Actor", "in": "header", "description": "Who asks, for the log of changes.",
          "schema": {"type": "string", "pattern": "^[!-~]([ -~]{0,126}[!-~])?$"}}}
        """#
}
