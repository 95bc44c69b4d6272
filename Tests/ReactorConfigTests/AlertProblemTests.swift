import Reactions
import Testing

@testable import ReactorConfig

/// What is wrong with receivers, routes and silent times is told with its place.
struct AlertProblemTests {
    private func problems(_ alerts: String, _ environment: [String: String] = [:]) throws -> String {
        let indented = alerts.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n")
        return try check(config: "version: 1\nalerts:\n\(indented)\n", environment)
    }

    /// The first line of each problem.
    private func heads(_ alerts: String, _ environment: [String: String] = [:]) throws -> [String] {
        try self.problems(alerts, environment).split(separator: "\n").map(String.init)
            .filter { $0.hasPrefix("reactor.yaml:") }
            .map { String($0.dropFirst("reactor.yaml:".count)) }
    }

    @Test func `a receiver has a name and one kind`() throws {
        #expect(
            try self.heads(
                """
                receivers:
                  - { name: a }
                  - { name: b, log: {}, file: { path: x } }
                  - { log: {} }
                  - { name: Big, log: {} }
                  - { name: log, file: { path: y } }
                  - { name: log, file: { path: z } }
                  - { name: c, slak: { url: x } }
                  - { name: d, url: "https://example.com", log: { level: x } }
                """
            ) == [
                "4:7: error[R070]: a receiver has one kind: `webhook`, `slack`, `pagerduty`, `alertmanager`, `publish`, `exec`, `file` or `log`",
                "5:18: error[R070]: a receiver has one kind: `webhook`, `slack`, `pagerduty`, `alertmanager`, `publish`, `exec`, `file` or `log`, found `file` and `log`",
                "6:7: error[R011]: `receiver` needs `name`",
                "7:15: error[R070]: receiver name `Big` breaks the rule: a letter first, then up to 62 of a-z, 0-9, `_` and `-`",
                "9:15: error[R071]: receiver `log` is already defined at line 8",
                "10:7: error[R070]: a receiver has one kind: `webhook`, `slack`, `pagerduty`, `alertmanager`, `publish`, `exec`, `file` or `log`",
                "10:18: error[R012]: unknown field `slak` in `receiver`; did you mean `slack`?",
                "11:18: error[R012]: unknown field `url` in `receiver`; it belongs to the kind of receiver: webhook: { url: … }",
                "11:53: error[R012]: `log` has no fields: write log: {}",
            ]
        )
    }

    @Test(arguments: [
        (
            "http://127.0.0.1/x",
            "127.0.0.1 is an address for this machine itself; receivers there need allow_private: true"
        ),
        ("http://10.1.2.3/x", "10.1.2.3 is an address for private networks; receivers there need allow_private: true"),
        ("http://169.254.169.254/latest", "169.254.169.254 is an address for the metadata service of a cloud"),
        ("http://[::ffff:127.0.0.1]/", "is an address for this machine itself"),
        ("http://0x7f000001/", "is written in a way that not all read alike"),
        ("http://intern/x", "\"intern\" is a name of the local network; receivers there need allow_private: true"),
        ("https://example.com:8443/x", "receivers on other ports need allow_private: true"),
        ("ftp://example.com/x", "the scheme \"ftp\" is not offered"),
        ("https://u:hunter2@example.com/x", "the URL has a user name or password in it"),
        ("example.com/x", "the URL has no scheme"),
    ])
    func `an address that nothing may be sent to is refused, and not shown`(url: String, why: String) throws {
        let text = try self.problems(
            "receivers: [ { name: a, webhook: { url: \"\(url)\" } } ]\ndefault_to: [a]"
        )
        #expect(text.contains("reactor.yaml:3:43: error[R072]: `webhook.url`: "))
        #expect(text.contains(why))
        #expect(!text.contains(url))
        #expect(!text.contains("hunter2"))
    }

    @Test func `allow_private opens the local network and not the metadata service`() throws {
        func heads(_ url: String) throws -> [String] {
            try self.heads(
                "receivers: [ { name: a, allow_private: true, webhook: { url: \"\(url)\" } } ]\ndefault_to: [a]"
            )
        }
        #expect(try heads("http://127.0.0.1:9999/x") == [])
        #expect(try heads("http://intern:8080/x") == [])
        #expect(try heads("http://169.254.169.254/").first?.contains("error[R072]") == true)
    }

    @Test func `secrets are references, and what stands in their place is not shown`() throws {
        let text = try self.problems(
            """
            receivers:
              - { name: a, slack: { url: "https://hooks.slack.com/services/T1/B1/CANARY1", chanel: x } }
              - { name: b, webhook: { url: "https://example.com/CANARY2", secret: whsec_CANARY3, forms: x } }
              - { name: c, pagerduty: { routing_key: "CANARY4" } }
              - { name: d, pagerduty: { routing_key: { env: SHORT } } }
              - { name: e, webhook: { url: "https://example.com/", secret: { env: WEAK } } }
              - { name: f, webhook: { url: "https://example.com/", authorization: 'Bearer CANARY5', x: 1 } }
            """,
            ["SHORT": "CANARY6", "WEAK": "CANARY7"]
        )
        #expect(!text.contains("CANARY"), "\(text)")
        #expect(text.contains("error[R012]: unknown field `chanel` in `slack`; did you mean `channel`?"))
        #expect(
            text.hasPrefix(
                """
                reactor.yaml:4:82: error[R012]: unknown field `chanel` in `slack`; did you mean `channel`?
                   4 |     - { name: a, slack: { url: "https://hooks.slack.com/***", chanel: x } }
                     |                                                               ^^^^^^
                """
            )
        )
        #expect(
            text.contains("error[R043]: `webhook.secret` needs a reference to a secret: {env: NAME} or {file: /path}")
        )
        #expect(text.contains("error[R043]: `pagerduty.routing_key` needs a reference to a secret"))
        #expect(text.contains("`pagerduty.routing_key` is no routing key: one has 32 letters and digits"))
        #expect(text.contains("`webhook.secret`: a signing key begins with whsec_"))
    }

    @Test func `routes that name what is not there are told with the nearest name`() throws {
        #expect(
            try self.heads(
                """
                receivers: [ { name: ops, file: { path: x } } ]
                mute_intervals: { nights: { times: ["22:00-24:00"] } }
                default_to: [opps]
                routes:
                  - { match: { severity: high }, to: ops }
                  - { match: { tenant: acme }, to: [ops, ops] }
                  - { matchers: ['run_id=~"x("', domian=audit], to: [nobody] }
                  - { receiver: ops, to: [], mute: night, group_by: [run] }
                  - { to: ops, group_wait: 3, match: { domain: [] } }
                """
            ) == [
                "5:16: error[R074]: unknown receiver `opps`; did you mean `ops`?",
                "7:28: error[R026]: unknown severity `high`; did you mean `HIGH`?",
                "8:18: error[R077]: no alert has a label `tenant`; did you mean `tenant_id`?",
                "8:44: error[R015]: `ops` is already in the list",
                "9:31: error[R076]: `run_id=~\"x(\"` is no condition: the group is not closed: no `)` follows",
                "9:36: error[R077]: no alert has a label `domian`; did you mean `domain`?",
                "9:56: error[R074]: unknown receiver `nobody`; there is `log` or `ops`",
                "10:9: error[R012]: unknown field `receiver` in `alerts.routes[3]`; who is told is written `to: [NAME]`",
                "10:28: error[R014]: `alerts.routes[3].to` names nobody; without `to`, a route tells those of the route around it",
                "10:38: error[R079]: unknown mute interval `night`; did you mean `nights`?",
                "10:56: error[R077]: no alert has a label `run`; did you mean `run_id`?",
                "11:30: error[R014]: `alerts.routes[4].group_wait` needs a duration with its unit (ms, s, m, h) from 0s to 24h, found `3`",
                "11:50: error[R076]: `alerts.routes[4].match.domain` must name at least one value",
            ]
        )
    }

    @Test func `what can never happen is warned of`() throws {
        #expect(
            try self.heads(
                """
                receivers:
                  - { name: ops, file: { path: x } }
                  - { name: lost, file: { path: y } }
                mute_intervals: { nights: { times: ["22:00-24:00"] } }
                routes:
                  - { match: { severity: [HIGH, CRITICAL] }, to: ops }
                  - { match: { severity: HIGH, tenant_id: acme }, to: ops }
                  - { matchers: ['severity=~"HIGH|CRITICAL"', severity=LOW], to: ops }
                  - match: { tenant_id: acme }
                    to: ops
                    routes: [ { match: { tenant_id: other } }, { match: { domain: audit } } ]
                  - { to: ops }
                  - { match: { domain: audit }, to: ops }
                """
            ) == [
                "5:15: warning[R075]: no route reaches the receiver `lost`; name it in `to` or in `alerts.default_to`",
                "6:21: warning[R082]: no route names the mute interval `nights`, so it mutes nothing",
                "9:7: warning[R078]: no alert can reach this route: the one at line 8 takes all of its alerts; move it up, or give that one `continue: true`",
                "10:7: warning[R078]: no alert can reach this route: its conditions contradict each other or those around it",
                "13:17: warning[R078]: no alert can reach this route: its conditions contradict each other or those around it",
                "15:7: warning[R078]: no alert can reach this route: the one at line 14 takes all of its alerts; move it up, or give that one `continue: true`",
            ]
        )
    }

    @Test func `silent times that cannot be read are told`() throws {
        #expect(
            try self.heads(
                """
                mute_intervals:
                  A: { times: ["22:00-24:00"] }
                  b: { times: ["22:00-06:00", "9:00-10:00", { start_time: "10:00" }], weekdays: [funday, "friday:monday"] }
                  c: { days_of_month: ["0", "1:-1", "32"], months: [janury], location: Europe/Berlni, hours: 1 }
                  d: {}
                """
            ).filter { !$0.contains("warning") } == [
                "4:5: error[R080]: interval name `A` breaks the rule: a letter first, then up to 62 of a-z, 0-9, `_` and `-`",
                "5:18: error[R080]: the end is not behind the start; over midnight, write two: [22:00-24:00, 00:00-06:00]",
                "5:33: error[R080]: `alerts.mute_intervals.b.times` needs times of day such as `22:00-24:00`, found `9:00-10:00`",
                "5:47: error[R011]: `alerts.mute_intervals.b.times` needs `end_time`",
                "5:84: error[R080]: `funday` is not one of weekdays; did you mean `sunday`?",
                "5:92: error[R080]: `friday:monday` ends before it begins; over the end, write two",
                "6:26: error[R080]: `0` is not one of days_of_month; it takes -31 to 31, and ranges with `:`",
                "6:31: error[R080]: `1:-1` mixes days counted from both ends; write two, such as 1:15 and -15:-1",
                "6:39: error[R080]: `32` is not one of days_of_month; it takes -31 to 31, and ranges with `:`",
                "6:55: error[R080]: `janury` is not one of months; did you mean `january`?",
                "6:74: error[R081]: unknown time zone `Europe/Berlni`; IANA names are meant, such as Europe/Berlin or UTC",
                "6:89: error[R012]: unknown field `hours` in `alerts.mute_intervals.c`; known here: `times`, `weekdays`, `days_of_month`, `months`, `years` or `location`",
                "7:8: error[R080]: a part without a field would hold always; name some times",
            ]
        )
    }

    @Test func `inhibition needs both sides, and templates and programs are checked`() throws {
        #expect(
            try self.heads(
                """
                flapping: { high_percent: 20, low_percent: 30 }
                inhibit:
                  - { source: {}, target: { alertname: B } }
                  - { source_matchers: [alertname=A], target: { alertname: B }, equal: worker }
                receivers:
                  - { name: a, exec: { command: "logger -t x" }, title: "{{severity" }
                  - { name: b, exec: { command: [logger] }, body: "{{nothing}}" }
                  - { name: c, exec: { command: [/bin/echo, "{{summary}}"] }, allow_private: true, ca_file: /nowhere }
                  - { name: d, publish: { event_type: "reactor.x" } }
                  - { name: e, publish: { event_type: "a.*" } }
                """
            ).map { String($0.prefix { $0 != ";" }) } == [
                "3:46: error[R015]: flapping ends below 30 % and begins above 20 %",
                "5:17: error[R076]: `alerts.inhibit[0].source` needs a condition",
                "6:7: error[R011]: `alerts.inhibit[1]` needs `source`",
                "6:9: error[R012]: unknown field `source_matchers` in `alerts.inhibit[1]`",
                "6:74: error[R077]: no alert has a label `worker`",
                "8:35: error[R013]: `exec.command` needs the list of the program and its arguments, such as [/usr/bin/logger, -t, aos]",
                "8:60: error[R050]: the template `title` is not valid: the tag is not closed",
                "9:36: error[R014]: `exec.command` begins with the program's absolute path, found `logger`",
                "9:54: error[R050]: the template `body` is not valid: unknown name \"nothing\"",
                "10:47: error[R050]: an argument cannot be a template: what an alert says comes on standard input, as JSON",
                "10:65: error[R015]: `allow_private` is for receivers that are reached over HTTP, not for `exec`",
                "10:86: error[R015]: `ca_file` is for receivers that are reached over HTTP, not for `exec`",
                "10:95: error[R014]: `ca_file` names a file that does not exist",
                "11:41: error[R014]: types that begin with `reactor.` are what reactors tell each other",
                "12:41: error[R023]: `event_type` must be one type without a star",
            ]
        )
    }

    @Test func `a token is a reference and long enough`() throws {
        #expect(
            try check(config: "version: 1\nhttp: { token: hunter2hunter2hunter2 }") == """
                reactor.yaml:2:16: error[R043]: `http.token` needs a reference to a secret: {env: NAME} or {file: /path}
                   2 | http: { token: ***
                     |                ^^^

                """
        )
        #expect(
            try check(config: "version: 1\nhttp: { token: { env: T } }", ["T": "short"]).hasPrefix(
                "reactor.yaml:2:16: error[R014]: `http.token` needs 16 to 512 visible characters without blanks"
            )
        )
    }
}
