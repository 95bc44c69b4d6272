import Testing

@testable import ReactorConfig

struct ConfigurationProblemTests {
    @Test func `a missing version and another version are refused`() throws {
        #expect(
            try check(config: "log: {level: info}")
                == "reactor.yaml:1:1: error[R011]: `version: 1` is missing\n   1 | log: {level: info}\n     | ^\n"
        )
        #expect(
            try check(config: "version: 2").hasPrefix(
                "reactor.yaml:1:10: error[R014]: this program reads version 1 of the configuration, found `2`\n"
            )
        )
    }

    @Test func `values of the wrong kind and values that are not allowed are told apart`() throws {
        let text = try check(
            config: """
                version: 1
                enabled: yes
                redis: redis://h
                log: { level: [info], format: }
                heartbeat: { interval: 30, miss_threshold: many }
                intake: { ring: 64MB, max_event_bytes: 12MiB }
                sources: aos.events
                alerts: { cooldowns: [1s], tenants: { acme: { max_per_hour: -1, limit: 3 } } }
                """
        )
        #expect(
            text == """
                reactor.yaml:2:10: error[R014]: `enabled` needs true or false, found `yes`
                   2 | enabled: yes
                     |          ^^^
                reactor.yaml:3:8: error[R013]: `redis` needs a mapping, found a single value
                   3 | redis: redis://h
                     |        ^^^^^^^^^
                reactor.yaml:4:15: error[R013]: `log.level` needs `trace`, `debug`, `info`, `notice`, `warning`, `error` or `critical`, found a list
                   4 | log: { level: [info], format: }
                     |               ^
                reactor.yaml:4:31: error[R013]: `log.format` needs `auto`, `json` or `text`, found nothing
                   4 | log: { level: [info], format: }
                     |                               ^
                reactor.yaml:5:24: error[R014]: `heartbeat.interval` needs a duration with its unit (ms, s, m, h) from 1s to 24h, found `30`
                   5 | heartbeat: { interval: 30, miss_threshold: many }
                     |                        ^^
                reactor.yaml:5:44: error[R014]: `heartbeat.miss_threshold` needs a whole number from 1 to 1000, found `many`
                   5 | heartbeat: { interval: 30, miss_threshold: many }
                     |                                            ^^^^
                reactor.yaml:6:17: error[R014]: `intake.ring` needs a size such as `64KiB` from 1MiB to 16GiB, found `64MB`
                   6 | intake: { ring: 64MB, max_event_bytes: 12MiB }
                     |                 ^^^^
                reactor.yaml:7:10: error[R013]: `sources` needs a list such as [{pubsub: aos.events}], found a single value
                   7 | sources: aos.events
                     |          ^^^^^^^^^^
                reactor.yaml:8:22: error[R013]: `alerts.cooldowns` needs a mapping, found a list
                   8 | alerts: { cooldowns: [1s], tenants: { acme: { max_per_hour: -1, limit: 3 } } }
                     |                      ^
                reactor.yaml:8:61: error[R014]: `alerts.tenants.acme.max_per_hour` needs a whole number from 0 to 1000000, found `-1`
                   8 | alerts: { cooldowns: [1s], tenants: { acme: { max_per_hour: -1, limit: 3 } } }
                     |                                                             ^^
                reactor.yaml:8:65: error[R012]: unknown field `limit` in `alerts.tenants.acme`; known here: `fatigue_control`, `dedup_window`, `max_per_hour` or `cooldowns`
                   8 | alerts: { cooldowns: [1s], tenants: { acme: { max_per_hour: -1, limit: 3 } } }
                     |                                                                 ^^^^^

                """
        )
    }

    @Test func `what is not there yet is refused by name`() throws {
        let text = try check(
            config: """
                version: 1
                state: postgres
                history: "off"
                sources: [ { stream: aos.log }, { kafka: x }, { pubsub: a }, { pubsub: a } ]
                alerts: { silences: [] }
                http: { insecure: true }
                """
        )
        #expect(
            text == """
                reactor.yaml:2:8: error[R014]: `state` needs `redis` or `memory`, found `postgres`
                   2 | state: postgres
                     |        ^^^^^^^^
                reactor.yaml:4:14: error[R017]: `stream` is not available in this version; it can be `pubsub` or `pubsub_pattern`
                   4 | sources: [ { stream: aos.log }, { kafka: x }, { pubsub: a }, { pubsub: a } ]
                     |              ^^^^^^
                reactor.yaml:4:35: error[R012]: unknown field `kafka` in `sources`; known here: `pubsub` or `pubsub_pattern`
                   4 | sources: [ { stream: aos.log }, { kafka: x }, { pubsub: a }, { pubsub: a } ]
                     |                                   ^^^^^
                reactor.yaml:4:62: error[R015]: this source is already in the list
                   4 | sources: [ { stream: aos.log }, { kafka: x }, { pubsub: a }, { pubsub: a } ]
                     |                                                              ^
                reactor.yaml:5:11: error[R017]: `alerts.silences` is no setting; silences are made while the reactor runs: `aos-reactor silence add`, or POST /v1/silences
                   5 | alerts: { silences: [] }
                     |           ^^^^^^^^
                reactor.yaml:6:9: error[R017]: `http.insecure` is no setting; give `http.token: {env: NAME}` to let other machines in
                   6 | http: { insecure: true }
                     |         ^^^^^^^^

                """
        )
    }

    @Test func `an address that others can reach is refused without a token`() throws {
        #expect(
            try check(config: "version: 1\nhttp: { listen: \":9464\" }") == """
                reactor.yaml:2:17: error[R018]: without a token the admin interface listens on this machine only (127.0.0.1, ::1, localhost, unix:); give `http.token: {env: NAME}` to open 0.0.0.0:9464
                   2 | http: { listen: ":9464" }
                     |                 ^^^^^^^

                """
        )
        #expect(
            try check(config: "version: 1", ["REACTOR_HTTP_LISTEN": "10.0.0.1:1"])
                .hasPrefix("environment: error[R018]: REACTOR_HTTP_LISTEN: without a token the admin")
        )
        #expect(
            try check(config: "version: 1", ["REACTOR_HTTP_LISTEN": ":1", "REACTOR_HTTP_TOKEN": "0123456789abcdef"])
                == ""
        )
    }

    @Test func `settings that do not go together are told`() throws {
        #expect(
            try check(config: "version: 1\nintake: { ring: 2MiB, max_event_bytes: 2MiB }\nredis: { ca_file: /x }")
                == """
                reactor.yaml:2:17: error[R015]: the ring of 2MiB must hold at least two events of 2MiB (`intake.max_event_bytes`)
                   2 | intake: { ring: 2MiB, max_event_bytes: 2MiB }
                     |                 ^^^^
                reactor.yaml:3:19: error[R015]: `redis.ca_file` is given, but the embedded server is used without TLS
                   3 | redis: { ca_file: /x }
                     |                   ^^

                """
        )
        #expect(try check(config: "version: 1\nsources: []").contains("R014]: `sources` must name at least one;"))
    }

    @Test func `a bad Redis URL is told without the URL`() throws {
        let config = "version: 1\nredis: { url: \"redis://u:hunter2@host:99999\" }"
        let text = try check(config: config)
        #expect(text.hasPrefix("reactor.yaml:2:15: error[R019]: `redis.url`: "))
        #expect(text.hasSuffix("   2 | redis: { url: ***\n     |               ^^^\n"))
        #expect(!text.contains("hunter2"))
    }

    @Test func `references to secrets that cannot be followed are told`() throws {
        let folder = try TemporaryFolder([
            "reactor.yaml": "version: 1\nredis: { url: { env: NOT_SET } }", "blank": "\n",
        ])
        #expect(
            folder.text(folder.load()) == """
                reactor.yaml:2:22: error[R043]: `redis.url` refers to the environment variable `NOT_SET`, which is not set
                   2 | redis: { url: { env: NOT_SET } }
                     |                      ^^^^^^^

                """
        )
        for (path, reason) in [("blank", "is empty"), ("none", "does not exist"), ("handlers", "is a folder")] {
            try folder.write("handlers/a.yaml", [])
            let config = "version: 1\nredis: { url: { file: \(folder.path)/\(path) } }"
            try folder.write("reactor.yaml", Array(config.utf8))
            let text = folder.text(folder.load())
            #expect(text.contains("R043]: `redis.url` refers to the file `\(path)`, which \(reason)\n"), "\(text)")
        }
        try folder.write("reactor.yaml", Array("version: 1\nredis: { url: { vault: hunter2 } }".utf8))
        let text = folder.text(folder.load())
        #expect(text.contains("R043]: `redis.url` needs a reference to a secret: {env: NAME} or {file: /path}\n"))
        #expect(!text.contains("hunter2"))
    }

    @Test func `the value of a variable that looks like a secret is not shown`() throws {
        let text = try check(config: "version: 1\nlog: { level: \"${API_TOKEN}\" }", ["API_TOKEN": "hunter2"])
        #expect(text.contains("or `critical`, found `***`\n"))
        #expect(!text.contains("hunter2"))
    }

    @Test func `variables are told at their place`() throws {
        let text = try check(config: "version: 1\nlog: { level: \"${LEVEL:?set it}\", format: \"a${B\" }")
        #expect(
            text == """
                reactor.yaml:2:16: error[R040]: ${LEVEL} is not set: set it
                   2 | log: { level: "${LEVEL:?set it}", format: "a${B" }
                     |                ^^^^^^^^^^^^^^^^
                reactor.yaml:2:45: error[R041]: `${` has no `}`; write `$$` for a dollar sign
                   2 | log: { level: "${LEVEL:?set it}", format: "a${B" }
                     |                                             ^^^

                """
        )
    }

    @Test func `files that cannot be read are told, and check exits with 78`() throws {
        let result = ConfigurationLoader.load(
            configPath: "/nonexistent/reactor.yaml",
            handlersPath: "/nonexistent/handlers",
            environment: [:],
            defaultInstance: "a"
        )
        #expect(
            DiagnosticRenderer().render(result.diagnostics) == """
                /nonexistent/handlers: error[R001]: does not exist
                /nonexistent/reactor.yaml: error[R001]: does not exist

                """
        )
        #expect(result.isUnreadable)
        #expect(result.checkExitCode == 78)
        #expect(result.configuration == nil)
        #expect(result.filesRead.isEmpty)
    }

    @Test func `large, binary and several documents are refused`() throws {
        let folder = try TemporaryFolder()
        try folder.write("reactor.yaml", Array(repeating: UInt8(ascii: "#"), count: 1 << 20))
        #expect(folder.text(folder.load()) == "")
        try folder.write("reactor.yaml", Array(repeating: UInt8(ascii: "#"), count: 1 << 20 + 1))
        #expect(folder.text(folder.load()) == "reactor.yaml: error[R004]: is larger than 1MiB\n")
        try folder.write("reactor.yaml", Array("version: 1\n#".utf8) + [0xFF])
        #expect(folder.text(folder.load()) == "reactor.yaml: error[R002]: line 2 holds bytes that are not UTF-8\n")
        try folder.write("reactor.yaml", Array("version: 1\n---\nversion: 1".utf8))
        #expect(
            folder.text(folder.load()) == """
                reactor.yaml:3:1: error[R008]: one document is meant here, found 2
                   3 | version: 1
                     | ^

                """
        )
        try folder.write("reactor.yaml", Array("- a".utf8))
        #expect(folder.text(folder.load()).contains("R013]: the configuration must be a mapping, found a list"))
    }
}
