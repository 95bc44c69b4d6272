import EventPatterns
import Reactions
import Testing

@testable import ReactorConfig

@Suite struct ContractHandlerTests {
    private func contract(_ text: String, _ environment: [String: String] = [:]) throws -> ContractDefinition {
        let folder = try TemporaryFolder(["handlers/a.yaml": text])
        let result = folder.load(environment)
        #expect(folder.text(result) == "")
        let handler = try #require(result.handlers.first)
        guard case .machine(.contract(let definition)) = handler.body else {
            throw TestFailure()
        }
        #expect(handler.name == definition.name)
        #expect(handler.on == definition.events.on)
        return definition
    }

    private struct TestFailure: Error {}

    @Test func `a contract is read with everything it can have`() throws {
        let definition = try self.contract(
            """
            handler: payments
            uses: audit-contract
            with:
              tenants: [acme, umbrella]
              agents: biller
              expect:
                - { action: incidents/create_incident, within: 500ms }
                - { action: bills/send/pdf, within: 1h }
              finalize: bills/close
              run_timeout: 2m
              grace: 10s
              allow: [logs/complete_trace, { action: bills/correct, times: 3 }]
              acks:
                - { on: incident.created, action: incidents/create_incident, result: incident_id }
                - { on: bill.closed, action: bills/close }
              extend_on: [run.step.completed, run.progress]
              started: bill.opened
              declared: []
              acknowledged: [audit.ack, bill.ack]
              paused: bill.held
              resumed: bill.released
              drift_patience: 0s
              longest_pause: 2h
              severity: { missing: LOW, drift: LOW, stale: CRITICAL, failed: MEDIUM, invalid: MEDIUM }
              alert: false
            """
        )
        #expect(definition.tenants == ["acme", "umbrella"])
        #expect(definition.agents == ["biller"])
        #expect(
            definition.expectations == [
                .init(.createIncident, within: .milliseconds(500)),
                .init(AuditedAction("bills", "send/pdf"), within: .seconds(3600)),
            ]
        )
        #expect(definition.finalize == AuditedAction("bills", "close"))
        #expect((definition.runTimeout, definition.grace) == (.seconds(120), .seconds(10)))
        #expect(
            definition.allowed == [.init(.completeTrace), .init(AuditedAction("bills", "correct"), times: 3)]
        )
        #expect(definition.events.acks.map(\.result) == ["incident_id", nil])
        #expect(definition.events.progressed == [.exact("run.step.completed"), .exact("run.progress")])
        #expect(definition.events.started == [.exact("bill.opened")])
        #expect(definition.events.declared.isEmpty)
        #expect(definition.events.acknowledged == [.exact("audit.ack"), .exact("bill.ack")])
        #expect((definition.driftPatience, definition.longestPause) == (.zero, .seconds(7200)))
        #expect((definition.severities.stale, definition.severities.missing) == (.critical, .low))
        #expect(!definition.raisesAlerts)
        #expect(definition.events.on.count == 9)
    }

    @Test func `without settings a contract is the standard four, and liveness the end alone`() throws {
        #expect(try self.contract("handler: a\nuses: audit-contract") == ContractDefinition(name: "a"))
        let liveness = try self.contract(
            "handler: stale-runs\nuses: run-liveness\nwith: { run_timeout: 30s, grace: 5s, extend_on: [run.progress] }"
        )
        #expect(liveness == .liveness(name: "stale-runs", extendOn: [.exact("run.progress")]))
        #expect(liveness.events.acks.map(\.on.description) == ["run.completed", "run.failed", "run.halted"])
    }

    @Test func `the original's variables hold: severities win, run times stand in where a file says nothing`() throws {
        let environment = [
            "AUDIT_ALERT_SEVERITY_STALE": "CRITICAL", "AUDIT_ALERTS_ENABLED": "false",
            "ROK_DEFAULT_RUN_TIMEOUT_MS": "60000", "ROK_GRACE_PERIOD_MS": "0",
        ]
        let text = "handler: a\nuses: audit-contract\nwith: { run_timeout: 10s, severity: { stale: LOW } }"
        let definition = try self.contract(text, environment)
        #expect(definition.severities.stale == .critical)
        #expect(!definition.raisesAlerts)
        #expect((definition.runTimeout, definition.grace) == (.seconds(10), .zero))
        #expect(try self.contract("handler: a\nuses: run-liveness", environment).runTimeout == .seconds(60))
    }

    @Test func `every mistake is told with its place`() throws {
        let text = """
            handler: a
            uses: audit-contract
            on: run.started
            with:
              run_timout: 30s
              grace: 5
              finalize: finalize_run
              expect: [{ action: a/b }, { action: a/b, within: 0s }, a/b, { action: a/b, within: 1s, deadline: 3 }]
              acks: [{ on: "run*", action: a/b }]
              allow: [{ action: a/b, times: 0 }]
              severity: { stall: HIGH, stale: high }
              alert: perhaps
            """
        let told = try check(handler: text).split(separator: "\n").filter { $0.hasPrefix("handlers/") }
        #expect(
            told.map { $0.split(separator: " ").prefix(2).joined(separator: " ") } == [
                "handlers/a.yaml:3:1: error[R015]:", "handlers/a.yaml:5:3: error[R012]:",
                "handlers/a.yaml:6:10: error[R014]:", "handlers/a.yaml:7:13: error[R014]:",
                "handlers/a.yaml:8:12: error[R011]:", "handlers/a.yaml:8:52: error[R014]:",
                "handlers/a.yaml:8:58: error[R013]:", "handlers/a.yaml:8:90: error[R012]:",
                "handlers/a.yaml:9:16: error[R023]:", "handlers/a.yaml:10:33: error[R014]:",
                "handlers/a.yaml:11:15: error[R012]:", "handlers/a.yaml:11:35: error[R026]:",
                "handlers/a.yaml:12:10: error[R014]:",
            ]
        )
        #expect(told.contains { $0.contains("unknown field `run_timout` in `with`; did you mean `run_timeout`?") })
        #expect(told.contains { $0.contains("needs a domain and an action such as `incidents/create_incident`") })
        let liveness = try check(handler: "handler: a\nuses: run-liveness\nwith: { expect: [] }")
        #expect(liveness.contains("3:9: error[R012]: unknown field `expect` in `with`"))
    }

    @Test func `a variable that is no number of milliseconds is told`() throws {
        let folder = try TemporaryFolder(["handlers/a.yaml": "handler: a\nuses: run-liveness"])
        let text = folder.text(folder.load(["ROK_GRACE_PERIOD_MS": "soon"]))
        #expect(text.contains("error[R042]: ROK_GRACE_PERIOD_MS is `soon`; it needs a whole number of milliseconds"))
    }
}

@Suite struct WorkerHandlerTests {
    @Test func `a heartbeat monitor is read with everything it can have`() throws {
        let text = """
            handler: workers
            uses: heartbeat-monitor
            with:
              beats: [worker.heartbeat, pool.beat]
              failed: worker.failed
              key: name
              cron: "*/5 * * * *"
              zone: Europe/Berlin
              grace: 90s
              expect: [mailer, { worker: nightly, every: 24h, grace: 1h }]
              growing_gaps: false
              severity: CRITICAL
              domain: pool
              max_workers: 50
            """
        let folder = try TemporaryFolder(["handlers/a.yaml": text])
        let result = folder.load([:])
        #expect(folder.text(result) == "")
        guard case .machine(.workers(let definition))? = result.handlers.first?.body else {
            Issue.record("no monitor")
            return
        }
        #expect(definition.beats.count == 2)
        #expect((definition.key, definition.domain, definition.maxWorkers) == ("name", "pool", 50))
        #expect((definition.grace, definition.watchesGaps, definition.severity) == (.seconds(90), false, .critical))
        guard case .cron(let schedule, "Europe/Berlin", _) = definition.schedule else {
            Issue.record("no schedule")
            return
        }
        #expect(schedule.description == "*/5 * * * *")
        #expect(
            definition.expected == [
                .init(key: "mailer"), .init(key: "nightly", schedule: .every(.seconds(86_400)), grace: .seconds(3600)),
            ]
        )
        #expect(result.handlers.first?.on.count == 5)
    }

    @Test func `mistakes in a heartbeat monitor are told with their places`() throws {
        let text = """
            handler: a
            uses: heartbeat-monitor
            with:
              evry: 30s
              every: 30
              cron: "* * *"
              expect: [{ grace: 1s }, { worker: w, cron: "61 * * * *" }, { worker: w, zone: UTC }]
            """
        let told = try check(handler: text).split(separator: "\n").filter { $0.hasPrefix("handlers/") }
        #expect(
            told.contains { $0.contains("4:3: error[R012]: unknown field `evry` in `with`; did you mean `every`?") }
        )
        #expect(told.contains { $0.contains("5:10: error[R014]: `with.every` needs a duration") })
        #expect(told.contains { $0.contains("6:3: error[R015]: `cron` does not go with `every`") })
        #expect(told.contains { $0.contains("7:12: error[R011]: `with.expect` needs `worker`, a name") })
        #expect(told.contains { $0.contains("7:46: error[R014]: `with.expect.cron`") })
        #expect(told.contains { $0.contains("error[R015]: `zone` belongs to `cron`") })
        #expect(told.count == 6)
    }
}
