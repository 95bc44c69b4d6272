import EventPatterns
import Reactions
import Testing

@testable import ReactorConfig

/// Who is told of alerts, as the configuration says.
struct AlertSettingsTests {
    private func alerts(_ text: String, _ environment: [String: String] = [:]) throws -> AlertSettings {
        let indented = text.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n")
        let folder = try TemporaryFolder(["reactor.yaml": "version: 1\nalerts:\n\(indented)\n"])
        let result = folder.load(environment)
        #expect(folder.text(result) == "")
        return try #require(result.configuration).alerts
    }

    private func labels(_ severity: String = "HIGH", tenant: String = "acme", run: String = "r1") -> AlertLabels {
        AlertLabels(["alertname": "STALE_RUN", "severity": severity, "tenant_id": tenant, "run_id": run])
    }

    @Test func `every kind of receiver can be written`() throws {
        let key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        let settings = try self.alerts(
            """
            default_to: [hook, chat, pager, am, bus, script, disk, quiet]
            receivers:
              - name: hook
                webhook: { url: "https://hooks.example.com/x?token=1", form: cloudevents, secrets: [ { env: KEY } ], authorization: { env: AUTH } }
                title: "{{severity}} {{type}}"
                concurrency: 2
                timeout: 5s
                send_resolved: false
              - { name: chat, slack: { url: { env: SLACK }, channel: "#ops" } }
              - { name: pager, pagerduty: { routing_key: { env: PAGER } } }
              - { name: am, allow_private: true, alertmanager: { url: "http://127.0.0.1:9093", labels: { env: prod } } }
              - { name: bus, publish: { event_type: alert.sent, channel: team.alerts } }
              - { name: script, exec: { command: [/usr/bin/logger, -t, aos], time_limit: 3s, env: { A: "1" } } }
              - { name: disk, file: { path: var/alerts.jsonl } }
              - { name: quiet, log: {} }
            """,
            [
                "KEY": key, "AUTH": "Bearer x", "SLACK": "https://hooks.slack.com/services/T/B/x",
                "PAGER": "0123456789abcdef0123456789abcdef",
            ]
        )
        #expect(
            settings.receivers.map(\.name) == ["log", "hook", "chat", "pager", "am", "bus", "script", "disk", "quiet"]
        )
        let hook = settings.receivers[1]
        var target = ReceiverDefinition.WebhookTarget(url: Secret("https://hooks.example.com/x?token=1"))
        target.form = .cloudEvents
        target.secrets = [Secret(key)]
        target.authorization = Secret("Bearer x")
        #expect(hook.target == .webhook(target))
        #expect(hook.title == "{{severity}} {{type}}")
        #expect(hook.concurrency == 2)
        #expect(hook.timeout == .seconds(5))
        #expect(!hook.sendsResolved)
        #expect(
            settings.receivers[2].target
                == .slack(url: Secret("https://hooks.slack.com/services/T/B/x"), channel: "#ops")
        )
        #expect(
            settings.receivers[3].target
                == .pagerDuty(
                    routingKey: Secret("0123456789abcdef0123456789abcdef"),
                    url: Secret("https://events.pagerduty.com/v2/enqueue")
                )
        )
        #expect(
            settings.receivers[4].target == .alertmanager(url: Secret("http://127.0.0.1:9093"), labels: ["env": "prod"])
        )
        #expect(settings.receivers[4].allowPrivate)
        #expect(settings.receivers[5].target == .publish(eventType: "alert.sent", channel: "team.alerts"))
        #expect(
            settings.receivers[6].target
                == .exec(arguments: ["/usr/bin/logger", "-t", "aos"], timeLimit: .seconds(3), environment: ["A": "1"])
        )
        #expect(settings.receivers[7].target == .file(path: "var/alerts.jsonl"))
        #expect(settings.receivers[8].target == .log)
    }

    @Test func `routes stand below one that takes everything and tells the default`() throws {
        let settings = try self.alerts(
            """
            receivers:
              - { name: ops, file: { path: ops } }
              - { name: acme-team, file: { path: acme } }
              - { name: audit-team, file: { path: audit } }
            mute_intervals: { nights: { times: [22:00-24:00] } }
            routes:
              - match: { severity: [HIGH, CRITICAL] }
                to: [ops]
                continue: true
                group_by: [tenant_id]
                group_wait: 10s
                routes:
                  - { match: { tenant_id: acme }, matchers: ['run_id=~"x.*"'], to: acme-team, mute: [nights] }
              - { match: { tenant_id: acme }, to: [audit-team], group_by: ["..."], repeat_interval: 1h }
            """
        )
        let tree = settings.routing
        #expect(tree.routes(of: self.labels("LOW", tenant: "other")).map(\.receivers) == [["log"]])
        #expect(tree.routes(of: self.labels("HIGH", tenant: "other")).map(\.receivers) == [["ops"]])
        #expect(tree.routes(of: self.labels("CRITICAL")).map(\.receivers) == [["ops"], ["audit-team"]])
        let inner = tree.routes(of: self.labels("HIGH", run: "x9"))
        #expect(inner.map(\.receivers) == [["acme-team"], ["audit-team"]])
        #expect(inner.first?.mute == ["nights"])
        #expect(inner.first?.groupBy == .labels(["tenant_id"]))
        #expect(inner.first?.timing.wait == .seconds(10))
        #expect(inner.last?.groupBy == .eachAlert)
        #expect(inner.last?.timing.repeatInterval == .seconds(3600))
    }

    @Test func `values of a match are texts, whatever they hold`() throws {
        let settings = try self.alerts(
            """
            receivers: [ { name: ops, file: { path: x } } ]
            routes: [ { match: { run_id: ["a.b|c", "(d)"] }, to: ops } ]
            """
        )
        for run in ["a.b|c", "(d)"] {
            #expect(settings.routing.routes(of: self.labels(run: run)).map(\.receivers) == [["ops"]])
        }
        for run in ["axb", "a.b", "c", "d"] {
            #expect(settings.routing.routes(of: self.labels(run: run)).map(\.receivers) == [["log"]])
        }
    }

    @Test func `a receiver whose address is empty is left out, and its routes tell those around them`() throws {
        let config = """
            version: 1
            alerts:
              receivers: [ { name: ops, webhook: { url: "${OPS_WEBHOOK:-}", secret: { env: OPS_SECRET } } } ]
              routes: [ { match: { severity: [HIGH, CRITICAL] }, to: [ops] } ]
            """
        let folder = try TemporaryFolder(["reactor.yaml": config])
        let off = folder.load()
        #expect(
            folder.text(off) == """
                reactor.yaml:3:29: warning[R073]: receiver `ops` is switched off: its `url` is empty, so nobody is told through it
                   3 |   receivers: [ { name: ops, webhook: { url: "${OPS_WEBHOOK:-}", secret: { env: OPS_SECRET } } } ]
                     |                             ^^^^^^^
                reactor.yaml:4:58: warning[R073]: all receivers of this route are switched off; it tells those of the route around it: `log`
                   4 |   routes: [ { match: { severity: [HIGH, CRITICAL] }, to: [ops] } ]
                     |                                                          ^

                """
        )
        let settings = try #require(off.configuration).alerts
        #expect(settings.receivers == [.log])
        #expect(settings.routing.routes(of: self.labels()).map(\.receivers) == [["log"]])

        let on = folder.load([
            "OPS_WEBHOOK": "https://hooks.example.com/x", "OPS_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        ])
        #expect(folder.text(on) == "")
        #expect(on.configuration?.alerts.routing.routes(of: self.labels()).map(\.receivers) == [["ops"]])
    }

    @Test func `nobody is told of what no route takes when the default is empty`() throws {
        #expect(try self.alerts("default_to: []").routing.routes(of: self.labels()).map(\.receivers) == [[]])
    }

    @Test func `inhibition, intervals, flapping and digests are read`() throws {
        let settings = try self.alerts(
            """
            digests: false
            flapping: { enabled: false, high_percent: 60, low_percent: 10 }
            inhibit:
              - { source: { alertname: RUNNER_DOWN }, target: ['alertname=~"STALE_.*"', severity!=CRITICAL], equal: [tenant_id] }
              - { name: suspended, source: { alertname: [A, B] }, target: { domain: audit }, for: 1h }
            receivers: [ { name: ops, file: { path: x } } ]
            routes: [ { matchers: "severity=HIGH", to: ops, mute: [quiet, sundays] } ]
            mute_intervals:
              quiet:
                - times: [ { start_time: "22:00", end_time: "24:00" }, "00:00-06:30" ]
                  weekdays: ["monday:friday", saturday]
                  location: Europe/Berlin
                - { days_of_month: ["1:5", "-3:-1"], months: ["january:march", "12"], years: ["2026:2028"] }
              sundays: { weekdays: sunday }
            """
        )
        #expect(!settings.sendsDigests)
        #expect(!settings.flapping.isEnabled)
        #expect(settings.flapping.highPercent == 60)
        #expect(settings.flapping.lowPercent == 10)
        #expect(settings.inhibition.map(\.name) == ["1", "suspended"])
        #expect(
            settings.inhibition[0].target.map(\.description) == [#"alertname=~"STALE_.*""#, #"severity!="CRITICAL""#]
        )
        #expect(settings.inhibition[0].equal == ["tenant_id"])
        #expect(settings.inhibition[0].holdsFor == .seconds(300))
        #expect(settings.inhibition[1].source.map(\.description) == [#"alertname=~"A|B""#])
        #expect(settings.inhibition[1].holdsFor == .seconds(3600))
        var first = MuteInterval.Part()
        first.times = [1320..<1440, 0..<390]
        first.weekdays = [1...5, 6...6]
        first.timeZone = "Europe/Berlin"
        var second = MuteInterval.Part()
        second.daysOfMonth = [1...5, -3 ... -1]
        second.months = [1...3, 12...12]
        second.years = [2026...2028]
        #expect(settings.muteIntervals["quiet"] == MuteInterval(parts: [first, second]))
        #expect(settings.muteIntervals["sundays"]?.parts.first?.weekdays == [0...0])
    }

    @Test func `the version changes with receivers and routes, and not with what is left as it is`() throws {
        func version(_ alerts: String) throws -> String {
            let folder = try TemporaryFolder(["reactor.yaml": "version: 1\nalerts: { \(alerts) }"])
            return try #require(folder.load().configuration).version
        }
        let receivers = "receivers: [ { name: ops, file: { path: x } } ]"
        let first = try version("\(receivers), default_to: [ops]")
        #expect(try version("\(receivers),   default_to: [ops]") == first)
        #expect(try version("receivers: [ { name: ops, file: { path: y } } ], default_to: [ops]") != first)
        #expect(try version("\(receivers), default_to: [log, ops]") != first)
    }

    @Test func `a handler may say what ends its alerts`() throws {
        let text = """
            handler: failed
            on: run.failed
            resolve_on: [run.completed, "run.resumed"]
            do: [{ alert: { severity: HIGH, domain: d, key: k, summary: s } }]
            """
        let folder = try TemporaryFolder(["handlers/a.yaml": text])
        let result = folder.load()
        #expect(folder.text(result) == "")
        #expect(result.handlers.first?.resolveOn.map(\.description) == ["run.completed", "run.resumed"])
        #expect(
            try check(handler: "handler: h\non: a\nresolve_on: [a, b]\ndo: [{log: {message: m}}]").contains(
                "a.yaml:3:1: error[R015]: `resolve_on` ends alerts, and this handler raises none"
            )
        )
        #expect(
            try check(
                handler:
                    "handler: h\non: a\nresolve_on: [a, b]\ndo: [{ alert: { severity: HIGH, domain: d, key: k, summary: s } }]"
            )
            .contains("error[R015]: `a` would raise the alert and end it")
        )
        #expect(
            try check(handler: "handler: h\nuses: audit-alerts\nresolve_on: [a]").contains("error[R022]: `resolve_on`")
        )
    }
}
