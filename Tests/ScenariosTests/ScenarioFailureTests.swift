import Scenarios
import Testing

/// A scenario that is not as expected says where, when and what.
struct ScenarioFailureTests {
    private func report(_ expect: String, events: Int = 2) async throws -> [String] {
        let box = try ScenarioBox(
            SampleHandlers.failures,
            """
            scenario: fails
            config: { alerts: { cooldowns: { default: 0s } } }
            steps:
              - at: 2s
                times: \(events)
                every: 0s
                event: { type: run.failed, payload: { run_id: "r{{n}}" } }
                expect:
                  \(expect)
            """
        )
        let results = await box.run()
        let failed = results.count { !$0.hasPassed }
        #expect(failed == 1)
        let text = await box.report()
        return text.split(separator: "\n").map(String.init)
    }

    @Test func `a field that differs is shown beside those that do not`() async throws {
        let lines = try await self.report("alerts: [{ key: \"failed:r1\", severity: LOW }, { run_id: r2 }]")
        #expect(lines.first?.hasPrefix("FAIL  handlers/h_test.yaml: fails (2s in ") == true)
        #expect(
            lines.dropFirst() == [
                "      handlers/h_test.yaml:9:36: at 2s: the alert is not as expected",
                "          key: \"failed:r1\"",
                "        - severity: \"LOW\"",
                "        + severity: \"HIGH\"",
            ]
        )
    }

    @Test func `what is missing and what is too much are told with their place`() async throws {
        let missing = try await self.report("alerts: [{ run_id: r1 }, { run_id: r2 }, { run_id: r3 }]")
        #expect(
            missing.dropFirst() == [
                "      handlers/h_test.yaml:9:48: at 2s: an expected alert is missing; found 2 that are not like it",
                "        - run_id: r3",
            ]
        )
        let surplus = try await self.report("alerts: [{ run_id: r1 }]")
        #expect(
            surplus[1] == "      handlers/h_test.yaml:9:7: at 2s: 1 alert that was not expected; expected 1, found 2"
        )
        #expect(
            surplus[2].hasPrefix("        + type: \"failures\", severity: \"HIGH\", domain: \"runs\", run_id: \"r2\"")
        )
        #expect(surplus.count == 3)
        let absence = try await self.report("no_alerts: true", events: 1)
        #expect(
            absence[1] == "      handlers/h_test.yaml:9:7: at 2s: 1 alert that was not expected; expected 0, found 1"
        )
    }

    @Test func `numbers of like things are counted`() async throws {
        let few = try await self.report("verdicts: [{ verdict: sent, times: 3 }]")
        #expect(few[1].hasSuffix("an expected verdict is missing (1 of 3); found 2 that are not like it"), "\(few)")
        let many = try await self.report("verdicts: [{ verdict: sent, times: 2 }]", events: 9)
        #expect(many[1].hasSuffix("7 verdicts that were not expected; expected 2, found 9"))
        #expect(many.last?.hasSuffix("and 2 more") == true)
        let far = try await self.report("verdicts: [{ verdict: sent, times: 50000 }]")
        #expect(far[1].hasSuffix("an expected verdict is missing (49998 of 50000); found 2 that are not like it"))
    }

    @Test func `what fits many is paired with what nothing else fits`() async throws {
        try await expectPasses(
            SampleHandlers.failures,
            """
            scenario: pairs
            config: { alerts: { cooldowns: { default: 0s } } }
            steps:
              - times: 3
                event: { type: run.failed, payload: { run_id: "r{{n}}" } }
                expect: { alerts: [{}, { severity: HIGH, run_id: [r1, r2] }, { run_id: r1 }] }
            """
        )
    }

    @Test func `absence, state and the whole of a payload can fail as well`() async throws {
        let box = try ScenarioBox(
            SampleHandlers.chain,
            """
            scenario: fails
            steps:
              - event: { type: cost.recorded, payload: { run_id: r1, cost_usd: 26 } }
                expect:
                  no_published: true
                  receivers: [{ name: log, breaker: open }]
                  deliveries: []
              - event: { type: cost.recorded, payload: { run_id: r2, cost_usd: 26 } }
                expect:
                  published: [{ exact_payload: { run_id: r2, reason: x } }]
                  alerts: [{ run_id: r1 }, { details: { a: 1 } }]
            """
        )
        let text = await box.report()
        for part in [
            ":5:7: at 0s: 1 published event that was not expected; expected 0, found 1",
            ":6:32: at 0s: the receiver is not as expected\n          name: log\n        - breaker: \"open\"\n"
                + "        + breaker: \"closed\"",
            ":7:7: at 0s: 1 delivery that was not expected; expected 0, found 1",
            "- exact_payload: {\"run_id\":\"r2\",\"reason\":\"x\"}\n        + exact_payload: {\"run_id\":\"r2\"}",
            "- details: {a: 1}",
        ] {
            #expect(text.contains(part), "\(part) in \(text)")
        }
    }

    @Test func `results for build servers hold what a person would read`() async throws {
        let box = try ScenarioBox(
            SampleHandlers.failures,
            """
            scenario: fine
            steps: [{ event: { type: x.y }, expect: { no_alerts: true } }]
            ---
            scenario: a < b & "c"
            steps: [{ event: { type: run.failed, payload: { run_id: r1 } }, expect: { no_alerts: true } }]
            """
        )
        let xml = box.shortened(JUnitReport.xml(await box.run()))
        for part in [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"aos-reactor\" tests=\"2\" failures=\"1\" ",
            "<testsuite name=\"handlers/h_test.yaml\" tests=\"2\" failures=\"1\" errors=\"0\" time=\"0.000000\">",
            "<testcase name=\"fine\" classname=\"handlers/h_test.yaml\" file=\"handlers/h_test.yaml\" line=\"1\" ",
            "<testcase name=\"a &lt; b &amp; &quot;c&quot;\" ", "<failure message=\"handlers/h_test.yaml:5:",
            "at 0s: 1 alert that was not expected; expected 0, found 1\">+ type: &quot;failures&quot;",
        ] {
            #expect(xml.contains(part), "\(part) in \(xml)")
        }
    }
}
