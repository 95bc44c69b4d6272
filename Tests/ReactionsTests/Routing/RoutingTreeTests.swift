import Events
import Reactions
import SeededRandom
import Testing

@Suite struct RoutingTreeTests {
    private static func matchers(_ text: String) throws -> [LabelMatcher] { try LabelMatcher.readList(text) }

    /// ops gets all, the database team what is theirs, and everything critical is also paged.
    private func tree() throws -> RoutingTree {
        try RoutingTree(
            RouteDefinition(
                receivers: ["ops"],
                groupBy: .labels(["domain"]),
                groupInterval: .seconds(60),
                routes: [
                    RouteDefinition(
                        matchers: try Self.matchers("severity=CRITICAL"),
                        receivers: ["pager"],
                        continues: true,
                        groupBy: .eachAlert
                    ),
                    RouteDefinition(
                        matchers: try Self.matchers("domain=~'db|store'"),
                        receivers: ["db", "db-archive"],
                        mute: ["nights"],
                        routes: [
                            RouteDefinition(matchers: try Self.matchers("tenant_id=t1"), groupWait: .seconds(5)),
                            RouteDefinition(matchers: try Self.matchers("severity=LOW"), receivers: ["db-low"]),
                        ]
                    ),
                    RouteDefinition(matchers: try Self.matchers("domain=audit"), receivers: ["audit"]),
                ]
            )
        )
    }

    @Test(arguments: [
        (["domain": "x"], [["ops"]]), (["domain": "db"], [["db", "db-archive"]]),
        (["domain": "db", "severity": "CRITICAL"], [["pager"], ["db", "db-archive"]]),
        (["severity": "CRITICAL"], [["pager"]]), (["domain": "store", "severity": "LOW"], [["db-low"]]),
        (["domain": "store", "severity": "LOW", "tenant_id": "t1"], [["db", "db-archive"]]),
        (["domain": "audit", "severity": "CRITICAL"], [["pager"], ["audit"]]),
    ])
    func `an alert goes to the innermost routes that take it`(labels: [String: String], receivers: [[String]]) throws {
        let found = try self.tree().routes(of: AlertLabels(labels))
        #expect(found.map(\.receivers) == receivers)
    }

    @Test func `a route has what those around it say, but not their silence`() throws {
        let tree = try self.tree()
        let inner = try #require(tree.routes(of: AlertLabels(["domain": "db", "tenant_id": "t1"])).first)
        #expect(inner.receivers == ["db", "db-archive"])
        #expect(inner.groupBy == .labels(["domain"]))
        #expect(
            inner.timing == GroupTiming(wait: .seconds(5), interval: .seconds(60), repeatInterval: .seconds(14_400))
        )
        #expect(inner.mute == [])
        #expect(inner.path == ["{}", "{domain=~\"db|store\"}", "{tenant_id=\"t1\"}"])
        let outer = try #require(tree.routes(of: AlertLabels(["domain": "db"])).first)
        #expect(outer.mute == ["nights"])
        #expect(outer.routeID != inner.routeID)
    }

    @Test func `a group of one waits for nobody, a real one does unless it is told not to`() throws {
        let tree = try self.tree()
        #expect(tree.routes(of: AlertLabels(["severity": "CRITICAL"])).first?.timing.wait == .zero)
        #expect(tree.routes(of: AlertLabels()).first?.timing.wait == .seconds(30))
        let plain = try RoutingTree(RouteDefinition(receivers: ["ops"]))
        #expect(plain.routes(of: AlertLabels()).first?.timing == GroupTiming())
    }

    @Test func `the explanation names every route and what became of it`() throws {
        let labels = AlertLabels(["domain": "db", "severity": "LOW"])
        #expect(
            try self.tree().explain(labels).description == """
                {}: passes on
                  {severity="CRITICAL"}: no, severity is "LOW"
                  {domain=~"db|store"}: passes on
                    {tenant_id="t1"}: no, there is no tenant_id
                    {severity="LOW"}: takes it, tells db-low
                  {domain="audit"}: not asked, a route before it took the alert
                """
        )
    }

    @Test func `an alert that nobody is told of has a route without receivers`() throws {
        let tree = try RoutingTree(RouteDefinition())
        #expect(tree.routes(of: AlertLabels()).map(\.receivers) == [[]])
        #expect(tree.explain(AlertLabels()).description == "{}: takes it, tells nobody")
    }

    @Test func `routes and explanations agree on random trees`() throws {
        var random = SplitMix64(seed: 3)
        for _ in 0..<500 {
            let tree = try RoutingTree(Self.randomRoute(depth: 3, isRoot: true, using: &random))
            for _ in 0..<10 {
                let labels = AlertLabels([
                    "a": ["", "1", "2"].randomElement(using: &random)!,
                    "b": ["", "1", "2"].randomElement(using: &random)!,
                ])
                let routes = tree.routes(of: labels)
                let taking = tree.explain(labels).steps.compactMap { step -> [String]? in
                    guard case .takes(let receivers) = step.outcome else { return nil }
                    return receivers
                }
                #expect(!routes.isEmpty)
                #expect(routes.map(\.receivers) == taking)
                #expect(Set(routes.map(\.routeID)).count == routes.count)
            }
        }
    }

    private static func randomRoute(
        depth: Int,
        isRoot: Bool = false,
        using random: inout SplitMix64
    ) throws -> RouteDefinition {
        var route = RouteDefinition(receivers: ["r\(Int.random(in: 0...99, using: &random))"])
        if !isRoot {
            let name = Bool.random(using: &random) ? "a" : "b"
            let operation = LabelMatcher.Operation.allCases.randomElement(using: &random)!
            route.matchers = [try LabelMatcher(name, operation, "1")]
            route.continues = Bool.random(using: &random)
        }
        if depth > 0 {
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                route.routes.append(try Self.randomRoute(depth: depth - 1, using: &random))
            }
        }
        return route
    }

    @Test func `a wrong tree is refused with the place`() throws {
        func message(_ inner: RouteDefinition) -> String? {
            let root = RouteDefinition(receivers: ["ops"], routes: [RouteDefinition(), inner])
            return #expect(throws: RoutingError.self) {
                try RoutingTree(root, receivers: ["ops", "db"], intervals: [])
            }?.description
        }
        #expect(message(RouteDefinition(receivers: ["op"])) == "routes[1]: unknown receiver \"op\"; there are db, ops")
        #expect(message(RouteDefinition(mute: ["n"])) == "routes[1]: unknown mute interval \"n\"; there are none")
        #expect(message(RouteDefinition(groupBy: .labels(["a", "a"]))) == "routes[1]: group_by: \"a\" is there twice")
        #expect(message(RouteDefinition(groupBy: .labels(["a.b"]))) == "routes[1]: group_by: \"a.b\" is no label name")
        #expect(message(RouteDefinition(groupWait: .seconds(-1))) == "routes[1]: group_wait is negative")
        #expect(message(RouteDefinition(groupInterval: .zero)) == "routes[1]: group_interval must be longer than zero")
        let inner = RouteDefinition(routes: [RouteDefinition(repeatInterval: .zero)])
        #expect(message(inner) == "routes[1][0]: repeat_interval must be longer than zero")
        let muted = #expect(throws: RoutingError.self) { try RoutingTree(RouteDefinition(mute: ["n"])) }
        #expect(muted?.path == [])
        #expect(throws: RoutingError.self) { try RoutingTree(RouteDefinition(matchers: Self.matchers("a=b"))) }
        #expect(throws: RoutingError.self) { try RoutingTree(RouteDefinition(continues: true)) }
        let deep = (0..<20).reduce(RouteDefinition()) { inner, _ in RouteDefinition(routes: [inner]) }
        #expect(throws: RoutingError.self) { try RoutingTree(deep) }
    }

    @Test(arguments: ["domain=~'db|store'", "run_id=r1", "key!~'k[12]'", "event_type='x'", "team=a", "tenant_id!=t1"])
    func `routes that are remembered are those that the tree finds`(condition: String) throws {
        var random = SplitMix64(seed: 21)
        var settings = AlertSettings()
        settings.routing = try RoutingTree(
            RouteDefinition(
                receivers: ["ops"],
                routes: [
                    RouteDefinition(
                        matchers: try Self.matchers(condition),
                        receivers: ["some", "ops"],
                        continues: true,
                        routes: [
                            RouteDefinition(matchers: try Self.matchers("severity=~'LOW|HIGH'"), receivers: ["few"])
                        ]
                    ),
                    RouteDefinition(matchers: try Self.matchers("severity=HIGH"), receivers: ["pager"]),
                ]
            )
        )
        var rules = AlertRules(settings)
        for number in 0..<10_000 {
            var alert = Alert.sample(
                "k\(Int.random(in: 1...3, using: &random))",
                tenant: number % 2 == 0 ? "t1" : "t\(number)",
                domain: ["db", "store", "", "x"].randomElement(using: &random)!,
                severity: Severity.allCases.randomElement(using: &random)!
            )
            alert.runID = Bool.random(using: &random) ? "r1" : "unknown"
            let found = rules.surroundings(of: alert, SilenceSet(), at: Timestamp(microseconds: 0)).told
            let expected = settings.routing.routes(of: AlertLabels(alert))
            #expect(found.routes == expected)
            #expect(Set(found.receivers) == Set(expected.flatMap(\.receivers)))
        }
    }

    @Test func `routes that are remembered for one way to write a letter are not those of another`() throws {
        var settings = AlertSettings()
        settings.routing = try RoutingTree(
            RouteDefinition(
                receivers: ["ops"],
                routes: [RouteDefinition(matchers: [LabelMatcher("tenant_id", .equal, "\u{E9}")], receivers: ["cafe"])]
            )
        )
        var rules = AlertRules(settings)
        for (tenant, receiver) in [("\u{E9}", "cafe"), ("e\u{301}", "ops")] {
            let alert = Alert.sample("k", tenant: tenant)
            let told = rules.surroundings(of: alert, SilenceSet(), at: Timestamp(microseconds: 0)).told
            #expect(told.receivers == [receiver])
        }
    }
}
