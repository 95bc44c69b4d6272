package import Events

/// What is told of a change, as JSON that it can be read back from.
extension MachineTelling {
    package var json: JSONValue {
        [
            "alerts": .array(self.alerts.map { AlertNotice($0, receipt: nil).json }),
            "ends": .array(self.ends.map(Self.object)),
        ]
    }

    /// - Throws: `AlertNotification.ReadError` for what `json` has not written.
    package init(json: JSONValue) throws(AlertNotification.ReadError) {
        let fields = RecordFields(json, "telling")
        self.init()
        self.alerts = try fields.notices("alerts").map(\.alert)
        for value in try fields.array("ends") { self.ends.append(try Self.end(RecordFields(value, "end"))) }
    }

    private static func object(_ end: Resolution) -> JSONValue {
        [
            "id": .string(end.id), "key": .string(end.key), "tenant": .string(end.tenant),
            "domain": .string(end.domain), "run": .string(end.runID), "summary": .string(end.summary),
            "handler": .string(end.handler), "event": end.event.map { AlertNotice.object($0) } ?? .null,
            "raised_at": .timestamp(end.raisedAt),
        ]
    }

    private static func end(_ fields: RecordFields) throws(AlertNotification.ReadError) -> Resolution {
        Resolution(
            id: try fields.text("id"),
            key: try fields.text("key"),
            tenant: try fields.text("tenant"),
            domain: try fields.text("domain"),
            runID: try fields.text("run"),
            summary: try fields.text("summary"),
            handler: try fields.text("handler"),
            event: fields.isNull("event") ? nil : try AlertNotice.event(try fields.fields("event")),
            raisedAt: try fields.timestamp("raised_at")
        )
    }
}
