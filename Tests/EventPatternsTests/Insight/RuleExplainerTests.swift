import EventPatterns
import Events
import Testing

@Suite struct `Explanations of a set of rules` {
    private static func rule(
        _ name: String,
        _ on: String,
        _ match: String? = nil,
        priority: Int = 0,
        isEnabled: Bool = true
    ) throws -> RuleExplainer.Rule {
        RuleExplainer.Rule(
            name: name,
            RuleSpecification(
                on: try on.split(separator: " ").map { try #require(TypePattern(String($0))) },
                match: try match.map { try EventPattern.parse(json: $0) },
                priority: priority
            ),
            isEnabled: isEnabled,
            location: "handlers/a.yaml:1:1"
        )
    }

    private static func rules() throws -> [RuleExplainer.Rule] {
        [
            try self.rule("late", "run.*", #"{"payload":{"n":[{"numeric":[">",1]}]}}"#),
            try self.rule("first", "*", priority: 9),
            try self.rule("exact", "run.failed", #"{"source":["s"],"payload":{"n":[5]}}"#),
            try self.rule("no", "run.failed", #"{"payload":{"n":[6]}}"#),
            try self.rule("other", "cost.recorded x"),
            try self.rule("off", "run.failed", isEnabled: false),
            try self.rule("off-no", "run.failed", #"{"payload":{"n":[6]}}"#, isEnabled: false),
        ]
    }

    private static func explain(_ rules: [RuleExplainer.Rule], _ event: String) throws -> EventExplanation {
        let explainer = RuleExplainer(rules, namedOnly: ["reactor.heartbeat"])
        return try Array(event.utf8).withUnsafeBytes { try explainer.explain(ByteView($0)) }
    }

    private static let failed = #"{"event_type":"run.failed","source":"s","payload":{"n":5}}"#

    @Test func `each rule is told why or why not, in the order of the calls`() throws {
        let explanation = try Self.explain(try Self.rules(), Self.failed)
        #expect(explanation.called == [1, 2, 0])
        #expect(
            explanation.text == """
                run.failed from s: reaches 3 of 7 handlers
                   1 first   `on` accepts *
                   2 exact   source: "s", found "s"
                             payload.n: 5, found 5
                   3 late    payload.n: numeric > 1, found 5
                   - no      payload.n: expected 6, found 5
                   - off     is switched off; would get the event
                   - off-no  is switched off
                   - other   `on` accepts cost.recorded, x

                """
        )
        let none = try Self.explain([try Self.rule("a", "x")], Self.failed)
        #expect(none.text == "run.failed from s: reaches no handler\n   - a  `on` accepts x\n")
    }

    @Test func `programs get the same`() throws {
        let json = try Self.explain(try Self.rules(), Self.failed).json
        #expect(json["event_type"] == "run.failed")
        #expect(json["called"] == ["first", "exact", "late"])
        let handlers = try #require(json["handlers"]?.arrayValue)
        #expect(
            handlers.map { $0["handler"]?.stringValue } == ["late", "first", "exact", "no", "other", "off", "off-no"]
        )
        #expect(handlers.map { $0["order"]?.intValue } == [3, 1, 2, nil, nil, nil, nil])
        #expect(
            handlers.map { $0["reason"]?.stringValue } == [
                nil, nil, nil, "pattern", "other_type", "disabled", "disabled",
            ]
        )
        #expect(handlers[2]["leaves"]?.arrayValue?.map { $0["path"] } == ["source", "payload.n"])
        #expect(
            handlers[3]["failure"] == [
                "reason": "mismatch", "path": "payload.n", "operator": "equals", "expected": "6", "actual": "5",
                "line": 1,
                "column": 17,
            ]
        )
        #expect(handlers.map { $0["would_be_called"] } == [nil, nil, nil, nil, nil, true, false])
        #expect(handlers[0]["location"] == "handlers/a.yaml:1:1")
    }

    @Test func `heartbeats only reach rules that name them`() throws {
        let explanation = try Self.explain(
            [try Self.rule("named", "* reactor.heartbeat"), try Self.rule("all", "*")],
            #"{"event_type":"reactor.heartbeat","payload":{}}"#
        )
        #expect(explanation.called == [0])
        #expect(explanation.decisions.map(\.outcome) == [.called(order: 1, []), .notNamed])
    }

    @Test func `what the reactor would refuse is refused`() throws {
        #expect(throws: EventRefusal.self) { try Self.explain([], #"{"payload":{}}"#) }
        #expect(throws: EventRefusal.self) { try Self.explain([], #"{"event_type":"x","payload":[]}"#) }
    }
}
