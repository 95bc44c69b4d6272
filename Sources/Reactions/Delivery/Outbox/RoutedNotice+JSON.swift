package import Events

/// What waits for its deliveries to be planned, as JSON that any replica can read back.
extension RoutedNotice {
    package var json: JSONValue {
        ["version": 1, "notice": self.notice.json, "routes": .array(self.routes.map(\.json))]
    }

    /// Nil for what no version of this form is.
    package init?(json: JSONValue) {
        guard json["version"]?.intValue == 1, let value = json["notice"],
            let notice = try? AlertNotice(json: value), let list = json["routes"]?.arrayValue
        else { return nil }
        let routes = list.compactMap { RouteMatch(json: $0) }
        guard routes.count == list.count else { return nil }
        self.init(notice: notice, routes: routes)
        self.notice.alert.lasts = notice.lasts
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
            "id": .string(self.routeID), "to": .array(self.receivers.map { .string($0) }), "group_by": groupBy,
            "wait": .number(Int(self.timing.wait.wholeMicroseconds)),
            "interval": .number(Int(self.timing.interval.wholeMicroseconds)),
            "repeat": .number(Int(self.timing.repeatInterval.wholeMicroseconds)),
            "mute": .array(self.mute.map { .string($0) }), "path": .array(self.path.map { .string($0) }),
        ]
    }

    init?(json: JSONValue) {
        func texts(_ name: String) -> [String]? {
            guard let values = json[name]?.arrayValue else { return nil }
            let texts = values.compactMap(\.stringValue)
            return texts.count == values.count ? texts : nil
        }
        func duration(_ name: String) -> Duration? { json[name]?.intValue.map { .microseconds($0) } }
        guard let id = json["id"]?.stringValue, let receivers = texts("to"), let mute = texts("mute"),
            let path = texts("path"), let wait = duration("wait"), let interval = duration("interval"),
            let again = duration("repeat"), let grouping = json["group_by"]
        else { return nil }
        let groupBy: GroupBy
        if grouping == .null {
            groupBy = .eachAlert
        } else if let names = texts("group_by") {
            groupBy = .labels(names)
        } else {
            return nil
        }
        let timing = GroupTiming(wait: wait, interval: interval, repeatInterval: again)
        self.init(id: id, receivers: receivers, groupBy: groupBy, timing: timing, mute: mute, path: path)
    }
}
