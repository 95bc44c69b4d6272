import EventPatterns
import Events
import Reactions
import Testing

@Suite struct RuleHandlerTests {
    private static func rule(_ actions: [ActionDefinition]) -> HandlerDefinition {
        HandlerDefinition(name: "runaway-cost", on: [.exact("cost.recorded")], body: .rule(actions))
    }

    private let event: SampleEvent

    init() throws {
        self.event = try SampleEvent(
            "cost.recorded",
            payload: ["run_id": "r-1", "cost_usd": .number("31.00")],
            tenant: "t-1"
        )
    }

    @Test func `an alert is filled from the event and takes tenant and run from the envelope`() throws {
        let action = AlertAction(
            severity: .high,
            domain: "policies",
            key: try Template("cost:{{payload.run_id}}"),
            summary: try Template("Run {{payload.run_id}} has cost {{payload.cost_usd}} USD"),
            details: [("cost", try Template("{{payload.cost_usd}}"))]
        )
        let reactions = try self.event.react(Self.rule([.alert(action)]))
        let alert = try #require(reactions.first?.alert)
        #expect(reactions.count == 1)
        #expect(alert.id == "alert-1")
        #expect(alert.type == "runaway-cost")
        #expect(alert.severity == .high)
        #expect(alert.key == "cost:r-1")
        #expect(alert.summary == "Run r-1 has cost 31.00 USD")
        #expect(alert.tenant == "t-1")
        #expect(alert.runID == "r-1")
        #expect(alert.details == ["cost": .number("31.00")])
        #expect(alert.event?.arrival == 7)
        #expect(alert.event?.eventType == "cost.recorded")
        #expect(alert.raisedAt == Timestamp(seconds: 1_795_221_601))
    }

    @Test func `an event that ends an alert names it as the alert was named`() throws {
        let action = AlertAction(
            severity: .high,
            domain: "policies",
            key: try Template("cost:{{payload.run_id}}"),
            summary: try Template("s")
        )
        var definition = Self.rule([.alert(action), .alert(action)])
        definition.resolveOn = [.exact("run.completed")]
        let raised = try self.event.react(definition).compactMap(\.alert)
        #expect(raised.map(\.lasts) == [true, true])
        let end = try SampleEvent("run.completed", payload: ["run_id": "r-1"], tenant: "t-1")
        let ends = try end.end(definition)
        #expect(ends.count == 1)
        guard case .resolve(let resolution) = ends.first else { return #expect(Bool(false), "no end") }
        #expect((resolution.key, resolution.tenant, resolution.domain) == ("cost:r-1", "t-1", "policies"))
        #expect(resolution.event?.eventType == "run.completed")
    }

    @Test func `tenant and run can be set, and an event without a run has an unknown one`() throws {
        let event = try SampleEvent("x", payload: ["who": "t-9"])
        let action = AlertAction(
            type: "KIND",
            severity: .low,
            domain: "logs",
            key: try Template("k"),
            summary: try Template("s"),
            tenant: try Template("{{payload.who}}"),
            runID: try Template("{{payload.nobody}}")
        )
        let alert = try #require(try event.react(Self.rule([.alert(action)])).first?.alert)
        #expect(alert.tenant == "t-9")
        #expect(alert.runID == "unknown")
        #expect(alert.type == "KIND")
    }

    @Test func `actions are done in their order`() throws {
        let publish = PublishAction(
            eventType: "run.pause_requested",
            payload: try TemplateTree(["run_id": "{{payload.run_id}}"])
        )
        let log = LogAction(level: .notice, message: try Template("cost {{payload.cost_usd}}"))
        let reactions = try self.event.react(Self.rule([.log(log), .publish(publish)]))
        #expect(
            reactions == [
                .log(.notice, "cost 31.00"),
                .publish(
                    OutgoingEvent(
                        handler: "runaway-cost",
                        eventType: "run.pause_requested",
                        payload: ["run_id": "r-1"],
                        hops: 1
                    )
                ),
            ]
        )
    }

    @Test(arguments: [(0, true), (7, true), (8, false), (200, false)])
    func `publishing is cut at the hop limit`(hops: Int, isPublished: Bool) throws {
        let event = try SampleEvent("a", hops: hops)
        let action = PublishAction(eventType: "b", payload: try TemplateTree(["x": 1]))
        let reaction = try #require(try event.react(Self.rule([.publish(action)])).first)
        switch reaction {
        case .publish(let event):
            #expect(isPublished)
            #expect(Int(event.hops) == hops + 1)
        case .loopCut(let event):
            #expect(!isPublished)
            #expect(Int(event.hops) == hops)
        default:
            Issue.record("\(reaction)")
        }
    }

    @Test func `identifiers from the wire are bounded and stay different`() throws {
        let long = String(repeating: "r", count: 100_000)
        let action = AlertAction(
            severity: .low,
            domain: "logs",
            key: try Template("k:{{run_id}}"),
            summary: try Template("{{run_id}}")
        )
        let rule = Self.rule([.alert(action)])
        let one = try #require(try SampleEvent("x", runID: long + "1").react(rule).first?.alert)
        let two = try #require(try SampleEvent("x", runID: long + "2").react(rule).first?.alert)
        #expect(one.runID.utf8.count <= ClippedText.identifierBytes)
        #expect(one.key.utf8.count <= ClippedText.identifierBytes)
        #expect(one.runID != two.runID)
        #expect(one.key != two.key || one.runID != two.runID)
        #expect(one.summary.utf8.count <= ClippedText.summaryBytes)
    }

    @Test func `large details are cut and say so`() throws {
        let event = try SampleEvent("x", payload: ["blob": .string(String(repeating: "b", count: 50_000))])
        let action = AlertAction(
            severity: .low,
            domain: "logs",
            key: try Template("k"),
            summary: try Template("s"),
            details: [("blob", try Template("{{payload.blob}}")), ("late", try Template("x"))]
        )
        let alert = try #require(try event.react(Self.rule([.alert(action)])).first?.alert)
        #expect((alert.details["blob"]?.stringValue?.utf8.count ?? 0) <= BoundedDetails.maxBytes)
        #expect(alert.details["details_truncated"] == true)
    }

    @Test func `a handler tells what it does`() throws {
        let log = LogAction(level: .info, message: try Template("m"))
        let handler = CompiledHandler(Self.rule([.log(log), .log(log)]))
        #expect(handler.summary == "rule: log, log")
        #expect(handler.canReact)
        #expect(!CompiledHandler(Self.rule([])).canReact)
    }
}
