import Testing

@testable import ReactorConfig

struct HandlerProblemTests {
    private let log = "do: [ { log: { message: m } } ]"

    @Test func `a handler needs a name, types and something to do`() throws {
        #expect(
            try check(handler: "on: x.y\n\(self.log)") == """
                handlers/a.yaml:1:1: error[R011]: `handler`, its name, is missing
                   1 | on: x.y
                     | ^

                """
        )
        #expect(
            try check(handler: "handler: a") == """
                handlers/a.yaml:1:10: error[R022]: a handler needs `do` (its actions) or `uses` (a built-in)
                   1 | handler: a
                     |          ^

                """
        )
        #expect(
            try check(handler: "handler: a\n\(self.log)\nuses: audit-alerts") == """
                handlers/a.yaml:2:1: error[R022]: a handler has either `do` or `uses`, not both
                   2 | do: [ { log: { message: m } } ]
                     | ^^

                """
        )
        #expect(
            try check(handler: "handler: a\n\(self.log)\nwith: {}") == """
                handlers/a.yaml:1:1: error[R011]: `on`, the event types it listens to, is missing
                   1 | handler: a
                     | ^
                handlers/a.yaml:3:1: error[R022]: `with` belongs to `uses`, not to `do`
                   3 | with: {}
                     | ^^^^

                """
        )
        #expect(
            try check(handler: "- a\n- b").contains("1:1: error[R013]: a handler must be a mapping, found a list\n")
        )
    }

    @Test func `names follow their rule`() throws {
        #expect(
            try check(handler: "handler: Page-Me\non: x.y\n\(self.log)") == """
                handlers/a.yaml:1:10: error[R020]: handler name `Page-Me` breaks the rule: a letter first, then up to 62 of a-z, 0-9, `_` and `-`
                   1 | handler: Page-Me
                     |          ^^^^^^^

                """
        )
        #expect(HandlerReader.isName("a"))
        #expect(HandlerReader.isName("a" + String(repeating: "-", count: 62)))
        for name in ["", "1a", "-a", "A", "aé", "a.b", "a" + String(repeating: "b", count: 63)] {
            #expect(!HandlerReader.isName(name), "\(name)")
        }
    }

    @Test func `types are checked`() throws {
        #expect(
            try check(handler: "handler: a\non: [run.*.x, \"**\", x.y, x.y, run.faild, [z]]\n\(self.log)") == """
                handlers/a.yaml:2:6: error[R023]: `run.*.x` is not an event type: a star stands alone (`*`) or after the last dot (`run.*`)
                   2 | on: [run.*.x, "**", x.y, x.y, run.faild, [z]]
                     |      ^^^^^^^
                handlers/a.yaml:2:15: error[R023]: `**` is not an event type: a star stands alone (`*`) or after the last dot (`run.*`)
                   2 | on: [run.*.x, "**", x.y, x.y, run.faild, [z]]
                     |               ^^^^
                handlers/a.yaml:2:26: error[R023]: `x.y` is already in the list
                   2 | on: [run.*.x, "**", x.y, x.y, run.faild, [z]]
                     |                          ^^^
                handlers/a.yaml:2:31: warning[R052]: nobody is known to publish `run.faild`; did you mean `run.failed`?
                   2 | on: [run.*.x, "**", x.y, x.y, run.faild, [z]]
                     |                               ^^^^^^^^^
                handlers/a.yaml:2:42: error[R013]: `on` needs a text, found a list
                   2 | on: [run.*.x, "**", x.y, x.y, run.faild, [z]]
                     |                                          ^

                """
        )
        #expect(try check(handler: "handler: a\non: []\n\(self.log)").contains("2:5: error[R023]: `on` must name at"))
        #expect(try check(handler: "handler: a\non: \"\"\n\(self.log)").contains("2:5: error[R014]: `on` must not be"))
        let publisher = "handler: a\non: x.y\ndo: [ { publish: { event_type: run.faild } } ]\n---\n"
        #expect(try check(handler: publisher + "handler: b\non: run.faild\n\(self.log)") == "")
    }

    @Test func `built-ins that are not there are told`() throws {
        #expect(
            try check(handler: "handler: a\nuses: audit_alerts").contains(
                "2:7: error[R025]: unknown built-in `audit_alerts`; did you mean `audit-alerts`?\n"
            )
        )
        #expect(
            try check(handler: "handler: a\nuses: pager").contains(
                "2:7: error[R025]: unknown built-in `pager`; available: `audit-alerts`, `audit-contract`, `run-liveness`, `threshold` or `heartbeat-monitor`\n"
            )
        )
        #expect(
            try check(
                handler:
                    "handler: a\nuses: audit-alerts\non: x\nwith: { severity: { drift: BAD, lost: LOW }, sverity: {} }"
            ) == """
                handlers/a.yaml:3:1: error[R015]: `audit-alerts` has its own event types and priorities; leave `on` out
                   3 | on: x
                     | ^^
                handlers/a.yaml:4:28: error[R026]: unknown severity `BAD`; it can be `LOW`, `MEDIUM`, `HIGH` or `CRITICAL`
                   4 | with: { severity: { drift: BAD, lost: LOW }, sverity: {} }
                     |                            ^^^
                handlers/a.yaml:4:33: error[R012]: unknown field `lost` in `with.severity`; known here: `missing`, `stale` or `drift`
                   4 | with: { severity: { drift: BAD, lost: LOW }, sverity: {} }
                     |                                 ^^^^
                handlers/a.yaml:4:46: error[R012]: unknown field `sverity` in `with`; did you mean `severity`?
                   4 | with: { severity: { drift: BAD, lost: LOW }, sverity: {} }
                     |                                              ^^^^^^^

                """
        )
    }

    @Test func `actions are checked`() throws {
        let text = try check(
            handler: """
                handler: a
                on: x.y
                do:
                  - alrt: {}
                  - page: {}
                  - alert: { severity: LOW, domain: "{{source}}", keys: x }
                  - publish: { event_type: "a.*", payload: x }
                  - publish: { event_type: reactor.heartbeat }
                  - publish: { payload: { n: 012, f: .nan } }
                  - log: { level: loud, message: "{{#a}}" }
                  - alert
                """
        )
        #expect(
            text == """
                handlers/a.yaml:4:5: error[R027]: unknown action `alrt`; did you mean `alert`?
                   4 |   - alrt: {}
                     |     ^^^^
                handlers/a.yaml:5:5: error[R027]: unknown action `page`; it can be `alert`, `publish` or `log`
                   5 |   - page: {}
                     |     ^^^^
                handlers/a.yaml:6:5: error[R011]: `alert` needs `key`
                   6 |   - alert: { severity: LOW, domain: "{{source}}", keys: x }
                     |     ^^^^^
                handlers/a.yaml:6:5: error[R011]: `alert` needs `summary`
                   6 |   - alert: { severity: LOW, domain: "{{source}}", keys: x }
                     |     ^^^^^
                handlers/a.yaml:6:37: error[R050]: `domain` cannot be a template; write the text itself
                   6 |   - alert: { severity: LOW, domain: "{{source}}", keys: x }
                     |                                     ^^^^^^^^^^^^
                handlers/a.yaml:6:51: error[R012]: unknown field `keys` in `alert`; did you mean `key`?
                   6 |   - alert: { severity: LOW, domain: "{{source}}", keys: x }
                     |                                                   ^^^^
                handlers/a.yaml:7:28: error[R023]: `event_type` must be one type without a star
                   7 |   - publish: { event_type: "a.*", payload: x }
                     |                            ^^^^^
                handlers/a.yaml:7:44: error[R013]: `payload` needs a mapping, found a single value
                   7 |   - publish: { event_type: "a.*", payload: x }
                     |                                            ^
                handlers/a.yaml:8:28: error[R014]: types that begin with `reactor.` are what reactors tell each other; choose another name
                   8 |   - publish: { event_type: reactor.heartbeat }
                     |                            ^^^^^^^^^^^^^^^^^
                handlers/a.yaml:9:5: error[R011]: `publish` needs `event_type`
                   9 |   - publish: { payload: { n: 012, f: .nan } }
                     |     ^^^^^^^
                handlers/a.yaml:9:30: error[R032]: `012` is a number that is read in different ways; write 12 for the number, or "012" for the text
                   9 |   - publish: { payload: { n: 012, f: .nan } }
                     |                              ^^^
                handlers/a.yaml:9:38: error[R032]: `.nan` is a number that no event can hold; write ".nan" for the text
                   9 |   - publish: { payload: { n: 012, f: .nan } }
                     |                                      ^^^^
                handlers/a.yaml:10:19: error[R014]: unknown level `loud`; it can be `debug`, `info`, `notice`, `warning` or `error`
                  10 |   - log: { level: loud, message: "{{#a}}" }
                     |                   ^^^^
                handlers/a.yaml:10:35: error[R050]: the template `message` is not valid: unknown name "a"; an event has event_type, source, timestamp, run_id, tenant_id, event_id, payload
                  10 |   - log: { level: loud, message: "{{#a}}" }
                     |                                   ^
                handlers/a.yaml:11:5: error[R027]: an action is a mapping with one key: `alert`, `publish` or `log`
                  11 |   - alert
                     |     ^^^^^

                """
        )
        #expect(try check(handler: "handler: a\non: x.y\ndo: []").contains("3:5: error[R013]: `do` needs a list of"))
    }

    @Test func `other values are checked`() throws {
        #expect(
            try check(handler: "handler: a\non: x.y\npriority: high\nenabled: on\n\(self.log)") == """
                handlers/a.yaml:3:11: error[R014]: `priority` needs a whole number from -1000000 to 1000000, found `high`
                   3 | priority: high
                     |           ^^^^
                handlers/a.yaml:4:10: error[R014]: `enabled` needs true or false, found `on`
                   4 | enabled: on
                     |          ^^

                """
        )
    }

    @Test func `patterns are told at the place inside the file`() throws {
        let text = try check(
            handler: """
                handler: a
                on: x.y
                match:
                  payload:
                    status: [ { prefx: a } ]
                    cost: [ { numeric: [">", 5, "<", 1] } ]
                    odd: [ 1., 0x1F ]
                not: {}
                \(self.log)
                """
        )
        #expect(
            text == """
                handlers/a.yaml:5:17: error[P007]: unknown operator `prefx`; did you mean `prefix`?
                   5 |     status: [ { prefx: a } ]
                     |                 ^^^^^
                handlers/a.yaml:6:24: error[P017]: numeric range is empty: > 5 and < 1
                   6 |     cost: [ { numeric: [">", 5, "<", 1] } ]
                     |                        ^
                handlers/a.yaml:7:12: error[R032]: `1.` is a number that is read in different ways; write 1 for the number, or "1." for the text
                   7 |     odd: [ 1., 0x1F ]
                     |            ^^
                handlers/a.yaml:7:16: error[R032]: `0x1F` is a number that is read in different ways; write 31 for the number, or "0x1F" for the text
                   7 |     odd: [ 1., 0x1F ]
                     |                ^^^^
                handlers/a.yaml:8:6: error[P003]: an empty object matches nothing; name at least one field
                   8 | not: {}
                     |      ^

                """
        )
        #expect(
            try check(handler: "handler: a\non: x.y\nmatch: failed\n\(self.log)") == """
                handlers/a.yaml:3:8: error[R030]: `match` needs a pattern such as {payload: {status: [failed]}}, found a single value
                   3 | match: failed
                     |        ^^^^^^

                """
        )
        #expect(
            try check(handler: "handler: a\non: x.y\nmatch: { cost_usd: [1], data.x: [1] }\n\(self.log)") == """
                handlers/a.yaml:3:10: warning[R031]: `cost_usd` is not a field of the envelope; did you mean `payload: {cost_usd: …}`?
                   3 | match: { cost_usd: [1], data.x: [1] }
                     |          ^^^^^^^^

                """
        )
    }

    @Test func `names are used once, and the other place is told`() throws {
        let folder = try TemporaryFolder([
            "handlers/a.yaml": "handler: page\non: x.y\n\(self.log)",
            "handlers/b.yaml": "handler: page\non: x.y\n\(self.log)\n---\nhandler: x\nuses: audit-alerts\n---\n"
                + "handler: y\nuses: audit-alerts",
        ])
        #expect(
            folder.text(folder.load()) == """
                handlers/b.yaml:1:10: error[R021]: handler name `page` is already used at handlers/a.yaml:1:10
                   1 | handler: page
                     |          ^^^^
                handlers/b.yaml:8:10: error[R021]: handler name `audit_drift_handler` is already used at handlers/b.yaml:5:10
                   8 | handler: y
                     |          ^

                """
        )
    }

    @Test func `circles are told, and only when what is published comes back`() throws {
        func handler(_ name: String, _ on: String, _ publish: String) -> String {
            "handler: \(name)\non: \(on)\ndo: [ { publish: { \(publish) } } ]\n---\n"
        }
        #expect(
            try check(
                handler: handler("a", "x.one", "event_type: x.two") + handler("b", "x.two", "event_type: x.three")
                    + handler("c", "x.three", "event_type: x.one")
            ) == """
                handlers/a.yaml:3:32: warning[R060]: `a` publishes `x.two` for `b`, which publishes `x.three` for `c`, which publishes `x.one` for `a`: possible endless loop
                   3 | do: [ { publish: { event_type: x.two } } ]
                     |                                ^^^^^

                """
        )
        #expect(
            try check(handler: handler("a", "\"*\"", "event_type: x.one, channel: aos.events"))
                .contains("R061]: `a` publishes `x.one` to aos.events, which `a` also listens to: an endless loop;")
        )
        #expect(try check(handler: handler("a", "\"*\"", "event_type: x.one, channel: other")) == "")
        let two =
            handler("a", "x.one", "event_type: x.two") + handler("b", "x.two", "event_type: x.one, channel: team.x")
        #expect(try check(handler: two) == "")
        #expect(try check(handler: two, ["REACTOR_SOURCES": "aos.events,pubsub_pattern:team.*"]).contains("R060]"))
        let disabled = "handler: a\non: \"*\"\nenabled: false\ndo: [ { publish: { event_type: x.one } } ]"
        #expect(try check(handler: disabled) == "")
    }

    @Test func `a folder without handlers, and files that are not read, are told`() throws {
        let folder = try TemporaryFolder(["handlers/a.yml": "handler: a"])
        #expect(
            folder.text(folder.load()) == """
                handlers: warning[R024]: holds no `*.yaml` file: without handlers, no event does anything
                handlers/a.yml: warning[R028]: is not read: handlers end in `.yaml`

                """
        )
        #expect(
            try check(handler: "handlers: { a: b }\nother: 1").contains("R013]: `handlers` needs a list of handlers")
        )
        #expect(try check(handler: "handlers: []\nother: 1").contains("2:1: error[R012]: unknown field `other`; known"))
    }
}
