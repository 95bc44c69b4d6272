import EventPatterns
import Reactions
import Testing

@testable import ReactorConfig

struct HandlerTests {
    private func load(_ files: [String: String], _ environment: [String: String] = [:]) throws -> LoadResult {
        var placed: [String: String] = [:]
        for (name, text) in files { placed["handlers/\(name)"] = text }
        let folder = try TemporaryFolder(placed)
        let result = folder.load(environment)
        #expect(folder.text(result) == "")
        return result
    }

    @Test func `a rule is read with everything it can have`() throws {
        let result = try self.load([
            "a.yaml": """
            handler: runaway-cost
            on: [cost.recorded, run.step.*, "*"]
            match: { payload: { cost_usd: [ { numeric: [">", 25] } ], status: failed, code: [1.10, null, true, "yes", no] } }
            not: { source: [test] }
            priority: -5
            enabled: false
            do:
              - alert:
                  type: COST
                  severity: CRITICAL
                  domain: policies
                  key: "cost:{{payload.run_id}}"
                  summary: "Run {{payload.run_id}}, ${WHERE:-here}"
                  tenant: "{{payload.customer}}"
                  run_id: "{{payload.id}}"
                  details: { cost: "{{payload.cost_usd}}", limit: 25 }
              - publish: { event_type: run.pause_requested, channel: other, payload: { a: "{{source}}", b: [1, true, x] } }
              - log: { level: warning, message: "{{event_type}}" }
            """
        ])
        let handler = try #require(result.handlers.first)
        #expect(result.handlers.count == 1)
        #expect(handler.name == "runaway-cost")
        #expect(handler.on == [.exact("cost.recorded"), .prefix("run.step."), .any])
        #expect(handler.priority == -5)
        #expect(!handler.enabled)
        #expect(handler.location?.line == 1)
        #expect(handler.location?.column == 10)
        let paths = Set(try #require(handler.match).paths)
        #expect(paths == ["payload.cost_usd", "payload.status", "payload.code", "source"])
        guard case .rule(let actions) = handler.body, actions.count == 3, case .alert(let alert) = actions[0],
            case .publish(let publish) = actions[1], case .log(let log) = actions[2]
        else {
            Issue.record("not the actions of the file: \(handler.body)")
            return
        }
        #expect(alert.type == "COST")
        #expect(alert.severity == .critical)
        #expect(alert.domain == "policies")
        #expect(alert.key.source == "cost:{{payload.run_id}}")
        #expect(alert.summary.source == "Run {{payload.run_id}}, here")
        #expect(alert.tenant?.source == "{{payload.customer}}")
        #expect(alert.runID?.source == "{{payload.id}}")
        #expect(alert.details.map(\.name) == ["cost", "limit"])
        #expect(alert.details.map(\.value.source) == ["{{payload.cost_usd}}", "25"])
        #expect(publish.eventType == "run.pause_requested")
        #expect(publish.channel == "other")
        #expect(log.level == .warning)
        #expect(log.message.source == "{{event_type}}")
    }

    @Test func `files come in the order of their bytes, several handlers in one file too`() throws {
        let rule = "on: x.y\ndo: [ { log: { message: m } } ]"
        let result = try self.load([
            "b.yaml": "handler: four\n\(rule)",
            "B.yaml": "handler: one\n\(rule)\n---\nhandler: two\n\(rule)",
            "a.yaml": "handlers:\n- {handler: three, on: x.y, do: [{log: {message: m}}]}",
            "empty.yaml": "# nothing\n",
            ".hidden.yaml": "not: [a, handler",
            "notes.txt": "not: [a, handler",
        ])
        #expect(result.handlers.map(\.name) == ["one", "two", "three", "four"])
        #expect(result.filesRead.count == 5)
    }

    @Test func `a single file can be loaded instead of a folder`() throws {
        let folder = try TemporaryFolder(["one.yaml": "handler: one\non: x.y\ndo: [ { log: { message: m } } ]"])
        let result = ConfigurationLoader.load(
            configPath: folder.path + "/one.yaml",
            handlersPath: folder.path + "/one.yaml",
            environment: [:],
            defaultInstance: "a"
        )
        #expect(result.handlers.map(\.name) == ["one"])
    }

    @Test func `not alone is a pattern`() throws {
        let text = "handler: a\non: x.y\nnot: { source: test }\ndo: [ { log: { message: m } } ]"
        let result = try self.load(["a.yaml": text])
        #expect(result.handlers.first?.match?.paths == ["source"])
    }

    @Test func `audit alerts are the seven registrations`() throws {
        let text = "handler: audit\nuses: audit-alerts\nwith: { severity: { missing: LOW, stale: CRITICAL } }"
        let result = try self.load(["a.yaml": text], ["AUDIT_ALERT_SEVERITY_STALE": "MEDIUM"])
        let severities = result.handlers.map { definition -> String in
            guard case .auditAlerts(let kind, let severity) = definition.body else { return "?" }
            return "\(definition.name) \(definition.priority) \(definition.on[0]) \(kind.rawValue) \(severity.rawValue)"
        }
        #expect(
            severities == [
                "audit_missing_ack_handler 100 audit.reconciliation.missing audit.reconciliation.missing LOW",
                "audit_stale_run_handler 100 audit.reconciliation.stale audit.reconciliation.stale MEDIUM",
                "audit_drift_handler 90 audit.reconciliation.drift audit.reconciliation.drift MEDIUM",
                "audit_expectation_timeout_handler 90 audit.expectation.timeout audit.expectation.timeout HIGH",
                "audit_reconciliation_failed_handler 80 audit.reconciliation.failed audit.reconciliation.failed HIGH",
                "audit_run_failed_handler 50 run.failed run.failed LOW",
                "audit_run_completed_handler 50 run.completed run.completed LOW",
            ]
        )
        #expect(result.handlers.allSatisfy { $0.enabled && $0.location?.line == 1 })
    }

    @Test func `audit alerts can be switched off, in the file or by the variable`() throws {
        let text = "handler: audit\nuses: audit-alerts\nenabled: false"
        #expect(try self.load(["a.yaml": text]).handlers.allSatisfy { !$0.enabled })
        let off = ["AUDIT_ALERTS_ENABLED": "false"]
        #expect(try self.load(["a.yaml": "handler: audit\nuses: audit-alerts"], off).handlers.isEmpty)
    }

    @Test func `handlers that publish for others are fine as long as nothing goes round`() throws {
        let result = try self.load([
            "a.yaml": "handler: a\non: x.one\ndo: [ { publish: { event_type: x.two } } ]",
            "b.yaml": "handler: b\non: x.two\ndo: [ { publish: { event_type: x.three } } ]",
            "c.yaml": "handler: c\non: x.*\ndo: [ { publish: { event_type: x.one, channel: elsewhere } } ]",
        ])
        #expect(result.isUsable)
        #expect(result.handlers.count == 3)
    }
}
