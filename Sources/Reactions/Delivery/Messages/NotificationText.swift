package import Events

/// A notification as JSON that it can be read back from: what lies in an outbox until it is delivered, and in the dead
/// letters when it is not. Any replica can read it and send the very same message.
extension AlertNotification {
    /// Why a text is no notification.
    package struct ReadError: Error, Sendable, Hashable, CustomStringConvertible {
        package let description: String
    }

    package var json: JSONValue {
        [
            "version": 1, "delivery_id": .string(self.deliveryID), "receiver": .string(self.receiver),
            "created_at": .timestamp(self.createdAt), "instance": .string(self.instance),
            "message": [
                "title": .string(self.message.title), "body": .string(self.message.body),
                "notes": .array(self.message.notes.map { .string($0) }),
            ],
            "group": self.group.json,
        ]
    }

    package init(json: JSONValue) throws(ReadError) {
        let fields = RecordFields(json, "notification")
        guard try fields.integer("version") == 1 else {
            throw ReadError(description: "notification: this version of its form is not known here")
        }
        let message = try fields.fields("message")
        self.init(
            deliveryID: try fields.text("delivery_id"),
            receiver: try fields.text("receiver"),
            group: try AlertGroup(try fields.fields("group")),
            message: AlertMessage(
                title: try message.text("title"),
                body: try message.text("body"),
                notes: try message.texts("notes")
            ),
            createdAt: try fields.timestamp("created_at"),
            instance: try fields.text("instance")
        )
    }

    package init(text: String) throws(ReadError) {
        let value: JSONValue
        do {
            value = try JSONValue.parse(text)
        } catch {
            throw ReadError(description: "notification: \(error)")
        }
        try self.init(json: value)
    }
}
