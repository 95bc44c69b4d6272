package import Events

extension RoutedNotice {
    /// As a stream keeps it until its deliveries are planned.
    package var json: JSONValue {
        ["version": 1, "notice": self.notice.json, "routes": .array(self.routes.map(\.json))]
    }

    /// Nil for what no version that is known here has written.
    package init?(json: JSONValue) {
        do {
            let fields = RecordFields(json, "routed notice")
            guard try fields.integer("version") == 1 else { return nil }
            var routes: [RouteMatch] = []
            for value in try fields.array("routes") { routes.append(try RouteMatch(RecordFields(value, "route"))) }
            self.init(notice: try AlertNotice(try fields.fields("notice")), routes: routes)
            self.notice.alert.lasts = self.notice.lasts
        } catch {
            return nil
        }
    }
}

extension RouteMatch {
    var json: JSONValue {
        let groupBy: JSONValue =
            switch self.groupBy {
            case .eachAlert: .null
            case .labels(let names): .array(names.map { .string($0) })
            }
        return [
            "id": .string(self.routeID), "receivers": .array(self.receivers.map { .string($0) }), "group_by": groupBy,
            "wait": .duration(self.timing.wait), "interval": .duration(self.timing.interval),
            "repeat": .duration(self.timing.repeatInterval), "mute": .array(self.mute.map { .string($0) }),
            "path": .array(self.path.map { .string($0) }),
        ]
    }

    init(_ fields: RecordFields) throws(AlertNotification.ReadError) {
        self.init(
            routeID: try fields.text("id"),
            receivers: try fields.texts("receivers"),
            groupBy: fields.isNull("group_by") ? .eachAlert : .labels(try fields.texts("group_by")),
            timing: GroupTiming(
                wait: try fields.duration("wait"),
                interval: try fields.duration("interval"),
                repeatInterval: try fields.duration("repeat")
            ),
            mute: try fields.texts("mute"),
            path: try fields.texts("path")
        )
    }
}
