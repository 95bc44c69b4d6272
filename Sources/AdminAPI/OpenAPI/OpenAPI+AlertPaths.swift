import Events

extension OpenAPI {
    /// What is asked about alerts, and what can be done.
    static var alertPaths: [JSONMember] {
        let records = ["run", "tenant", "verdict", "severity", "since", "before", "limit"]
        return [
            Self.path(
                .alerts,
                Self.get(
                    "alerts",
                    "Alerts with the receipts of what was decided about them, the newest first.",
                    "Alerts",
                    parameters: records
                )
            ),
            Self.path(
                .alertTest,
                Self.post(
                    "testAlert",
                    "Tells receivers of a made-up alert: the named one, or those that the routes give it. It is decided "
                        + "by nobody and kept nowhere.",
                    body: "NewTest",
                    "AlertTest",
                    problems: [.notFound]
                )
            ),
            Self.path(
                .alert,
                Self.get(
                    "alert",
                    "One alert, what was decided about it, and who was told.",
                    "AlertDetail",
                    parameters: ["id"],
                    problems: [.notFound]
                )
            ),
            Self.path(
                .receipts,
                Self.get(
                    "receipts",
                    "What was decided, with the numbers that decided it, the newest first.",
                    "Receipts",
                    parameters: records
                )
            ),
            Self.path(
                .fatigue,
                Self.get(
                    "fatigue",
                    "How much of its hour a tenant has used, and by which rules it is judged.",
                    "Fatigue",
                    parameters: ["id"]
                )
            ),
            Self.path(.receivers, Self.get("receivers", "Who can be told of alerts.", "Receivers")),
        ] + Self.silencePaths + Self.deliveryPaths + Self.runTellingPaths
    }

    private static var silencePaths: [JSONMember] {
        let expired: JSONValue = [
            "name": "include_expired", "in": "query", "schema": ["type": "boolean", "default": false],
            "description": "Also those that ended within the last five days.",
        ]
        return [
            Self.path(
                .silences,
                Self.get("silences", "Silences, the newest first.", "Silences", inline: [expired]),
                Self.post(
                    "addSilence",
                    "Makes a silence.",
                    body: "NewSilence",
                    "Silence",
                    status: "201",
                    problems: [.conflict]
                )
            ),
            Self.path(
                .silencePreview,
                Self.post(
                    "previewSilence",
                    "What a silence would have hidden of what was decided last.",
                    body: "NewPreview",
                    "SilencePreview"
                )
            ),
            Self.path(
                .silence,
                Self.get("silence", "One silence.", "Silence", parameters: ["id"], problems: [.notFound]),
                Self.operation(
                    "delete",
                    "expireSilence",
                    "Ends a silence now; one that is over stays as it is.",
                    "Silence",
                    parameters: ["id", "actor"],
                    problems: [.notFound, .conflict]
                )
            ),
            Self.path(
                .audit,
                Self.get("audit", "Who changed what, and when; the newest first.", "Audit", parameters: ["limit"])
            ),
        ]
    }

    private static var deliveryPaths: [JSONMember] {
        let status: JSONValue = [
            "name": "status", "in": "query", "schema": ["$ref": "#/components/schemas/DeliveryStatus"],
        ]
        let alert: JSONValue = [
            "name": "alert_id", "in": "query", "schema": ["$ref": "#/components/schemas/Word"],
        ]
        return [
            Self.path(
                .deliveries,
                Self.get(
                    "deliveries",
                    "Messages and what became of them, the newest first.",
                    "Deliveries",
                    parameters: ["receiver", "limit"],
                    inline: [status, alert]
                )
            ),
            Self.path(
                .deadLetters,
                Self.get(
                    "deadLetters",
                    "Messages that were given up, the newest first.",
                    "Deliveries",
                    parameters: ["receiver", "limit"]
                )
            ),
            Self.path(
                .deadLetter,
                Self.get(
                    "deadLetter",
                    "A message that was given up, whole.",
                    "DeadLetter",
                    parameters: ["id"],
                    problems: [.notFound]
                ),
                Self.operation(
                    "delete",
                    "dropDeadLetter",
                    "Forgets a dead letter for good.",
                    "DeadLetterChange",
                    parameters: ["id", "actor"],
                    problems: [.notFound]
                )
            ),
            Self.path(
                .deadLetterRetry,
                Self.post(
                    "retryDeadLetter",
                    "Sends a dead letter again, under the same id.",
                    body: "NewRetry",
                    "DeadLetterChange",
                    status: "202",
                    parameters: ["id", "actor"],
                    problems: [.notFound]
                )
            ),
        ]
    }
}

extension OpenAPI {
    private static var runTellingPaths: [JSONMember] {
        // More than that is taken; what is written here needs no escaping.
        let run: JSONValue = [
            "name": "id", "in": "path", "required": true,
            "schema": ["type": "string", "pattern": "^[A-Za-z0-9_-]{1,128}$"],
        ]
        return [
            Self.path(
                .runExpectations,
                Self.operation(
                    "post",
                    "declareExpectation",
                    "Declares that a run is expected to do something, counted from now; the same id twice is once.",
                    "RunTold",
                    status: "202",
                    body: "NewExpectation",
                    inline: [run],
                    problems: [.conflict]
                )
            ),
            Self.path(
                .runAcks,
                Self.operation(
                    "post",
                    "acknowledge",
                    "Tells that a run has done something, or tried; the same id twice is once.",
                    "RunTold",
                    status: "202",
                    body: "NewAck",
                    inline: [run],
                    problems: [.conflict]
                )
            ),
            Self.path(
                .heartbeats,
                Self.get("heartbeats", "Workers that are to beat, and how they stand.", "Heartbeats")
            ),
        ]
    }
}

// MARK: - Parts

extension OpenAPI {
    /// Problems that only some operations have.
    enum Refusal: String {
        case notFound = "404"
        case conflict = "409"

        var name: String {
            switch self {
            case .notFound: "NotFound"
            case .conflict: "Conflict"
            }
        }
    }

    static func path(_ route: AdminRoute, _ operations: JSONMember...) -> JSONMember {
        JSONMember(route.path, .object(operations))
    }

    static func get(
        _ id: String,
        _ summary: String,
        _ schema: String,
        parameters: [String] = [],
        inline: [JSONValue] = [],
        problems: [Refusal] = []
    ) -> JSONMember {
        Self.operation("get", id, summary, schema, parameters: parameters, inline: inline, problems: problems)
    }

    private static func post(
        _ id: String,
        _ summary: String,
        body: String,
        _ schema: String,
        status: String = "200",
        parameters: [String] = [],
        problems: [Refusal] = []
    ) -> JSONMember {
        Self.operation(
            "post",
            id,
            summary,
            schema,
            status: status,
            body: body,
            parameters: parameters,
            problems: problems
        )
    }

    private static func operation(
        _ method: String,
        _ id: String,
        _ summary: String,
        _ schema: String,
        status: String = "200",
        body: String? = nil,
        parameters: [String] = [],
        inline: [JSONValue] = [],
        problems: [Refusal] = []
    ) -> JSONMember {
        var members = [JSONMember("operationId", .string(id)), JSONMember("summary", .string(summary))]
        let named = parameters.map { Self.reference("parameters", $0) }
        if !(named + inline).isEmpty { members.append(JSONMember("parameters", .array(named + inline))) }
        if let body {
            let content: JSONValue = ["application/json": ["schema": Self.reference("schemas", body)]]
            members.append(JSONMember("requestBody", ["required": true, "content": content]))
        }
        var answers = [
            JSONMember(
                status,
                [
                    "description": .string(summary),
                    "content": ["application/json": ["schema": Self.reference("schemas", schema)]],
                ]
            ),
            JSONMember("400", Self.reference("responses", "BadRequest")),
        ]
        answers += problems.map { JSONMember($0.rawValue, Self.reference("responses", $0.name)) }
        if body != nil {
            answers.append(JSONMember("413", Self.reference("responses", "TooLarge")))
            answers.append(JSONMember("415", Self.reference("responses", "NotJSON")))
        }
        answers.append(JSONMember("503", Self.reference("responses", "Unavailable")))
        members.append(JSONMember("responses", .object(answers)))
        return JSONMember(method, .object(members))
    }

    private static func reference(_ kind: String, _ name: String) -> JSONValue {
        ["$ref": .string("#/components/\(kind)/\(name)")]
    }
}
