import Events
import Reactions
import Testing

@Suite struct RoutedNoticeTests {
    private func routed() throws -> RoutedNotice {
        let tree = try RoutingTree(
            RouteDefinition(
                receivers: ["ops"],
                groupBy: .labels(["tenant_id"]),
                repeatInterval: .seconds(600),
                routes: [
                    RouteDefinition(
                        matchers: [LabelMatcher("domain", .matches, "inc.*")],
                        receivers: ["a", "b \"x\"\n"],
                        continues: true,
                        groupBy: .eachAlert,
                        groupWait: .milliseconds(7)
                    ),
                    RouteDefinition(matchers: [LabelMatcher("severity", .equal, "MEDIUM")]),
                ]
            )
        )
        var alert = Alert.sample("k", tenant: "t\u{0}é")
        alert.lasts = true
        alert.details = .object([JSONMember("cost", .number("25.10"))])
        alert.event = EventReference(
            arrival: .max,
            eventType: "run.failed",
            timestamp: Timestamp(microseconds: 1),
            arrivedAt: Timestamp(microseconds: 2),
            source: "s",
            eventID: "e"
        )
        let notice = AlertNotice(alert, receipt: nil, lasts: true)
        return RoutedNotice(notice: notice, routes: tree.routes(of: notice.labels))
    }

    @Test func `what is read back is what was written`() throws {
        let routed = try self.routed()
        #expect(routed.routes.count == 2)
        let text = routed.json.compactText
        #expect(RoutedNotice(json: try JSONValue.parse(text)) == routed)
    }

    @Test func `what is cut or of another version is nothing`() throws {
        let whole = try self.routed().json
        guard case .object(let members) = whole else { return #expect(Bool(false)) }
        for index in members.indices {
            var fewer = members
            fewer.remove(at: index)
            #expect(RoutedNotice(json: .object(fewer)) == nil)
        }
        for name in ["id", "receivers", "group_by", "wait", "interval", "repeat", "mute", "path"] {
            var route = try #require(whole["routes"]?.arrayValue?.first)
            guard case .object(let fields) = route else { continue }
            route = .object(fields.filter { $0.name != name })
            #expect(RoutedNotice(json: ["version": 1, "notice": whole["notice"] ?? .null, "routes": [route]]) == nil)
        }
        #expect(RoutedNotice(json: .null) == nil)
    }
}
