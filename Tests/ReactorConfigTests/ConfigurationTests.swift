import Reactions
import RedisClient
import Testing

@testable import ReactorConfig

struct ConfigurationTests {
    private func load(
        _ config: String,
        _ environment: [String: String] = [:],
        _ overrides: [ConfigurationOverride] = []
    ) throws -> (configuration: ReactorConfiguration?, text: String) {
        let folder = try TemporaryFolder(["reactor.yaml": config])
        let result = folder.load(environment, overrides)
        return (result.configuration, folder.text(result))
    }

    @Test func `without a file every setting has its default`() throws {
        let configuration = try #require(try self.load("version: 1").configuration)
        #expect(configuration.instance == "test-1")
        #expect(configuration.enabled)
        #expect(configuration.redis.endpoint == nil)
        #expect(configuration.sources == [.channel("aos.events")])
        #expect(configuration.publishChannel == "aos.events")
        #expect(configuration.intake == IntakeSettings())
        #expect(configuration.intake.maxEventBytes == 1_048_576)
        #expect(configuration.intake.ringBytes == 67_108_864)
        #expect(configuration.http.listen == .tcp(host: "127.0.0.1", port: 9464))
        #expect(configuration.heartbeat.interval == .seconds(30))
        #expect(configuration.heartbeat.missThreshold == 3)
        #expect(configuration.shutdown.grace == .seconds(20))
        #expect(configuration.handlers.timeout == .seconds(5))
        #expect(configuration.alerts == AlertSettings())
        #expect(configuration.log == LogSettings())
        #expect(configuration.embedded == EmbeddedSettings())
        #expect(configuration.settings.allSatisfy { $0.origin == .standard })
    }

    @Test func `every setting can be set in the file`() throws {
        let (configuration, text) = try self.load(
            """
            version: 1
            instance: west-2
            enabled: false
            redis: { url: "rediss://user:pa%40ss@redis.example:6380/2", ca_file: /etc/ca.pem }
            embedded: { data_dir: /tmp/x, demo: false }
            sources: [ { pubsub_pattern: "aos.*" }, { pubsub: team.events } ]
            intake: { max_event_bytes: 64KiB, ring: 1GiB, overflow: drop_newest }
            http: { listen: "0.0.0.0:80", token: { env: TOKEN } }
            heartbeat: { interval: 10s, miss_threshold: 5 }
            shutdown: { grace: 0s }
            handlers: { timeout: 250ms, lanes: 4, queue: 10 }
            state: memory
            alerts:
              fatigue_control: false
              dedup_window: 2m
              cooldowns: { incidents: 1s, billing: 1h, default: 9s }
              max_per_tenant_per_hour: 7
              tenants:
                acme: { fatigue_control: false, dedup_window: 1s, max_per_hour: 3, cooldowns: { logs: 2s } }
                quiet:
            log: { level: debug, format: json }
            """,
            ["TOKEN": "0123456789abcdef"]
        )
        #expect(text == "")
        let settings = try #require(configuration)
        #expect(settings.instance == "west-2")
        #expect(!settings.enabled)
        #expect(settings.redis.endpoint?.description == "rediss://user:***@redis.example:6380/2")
        #expect(settings.redis.endpoint?.caFile == "/etc/ca.pem")
        #expect(settings.embedded == EmbeddedSettings(dataDirectory: "/tmp/x", demo: false))
        #expect(settings.sources == [.pattern("aos.*"), .channel("team.events")])
        #expect(settings.publishChannel == "team.events")
        #expect(settings.intake == IntakeSettings(maxEventBytes: 65_536, ringBytes: 1 << 30, overflow: .dropNewest))
        #expect(settings.http.listen == .tcp(host: "0.0.0.0", port: 80))
        #expect(settings.http.token?.exposed == "0123456789abcdef")
        #expect(settings.heartbeat == HeartbeatSettings(interval: .seconds(10), missThreshold: 5))
        #expect(settings.shutdown.grace == .zero)
        #expect(settings.handlers == HandlerSettings(timeout: .milliseconds(250), lanes: 4, queue: 10))
        #expect(!settings.alerts.fatigue.enabled)
        #expect(settings.alerts.fatigue.dedupWindow == .seconds(120))
        #expect(settings.alerts.fatigue.cooldowns["incidents"] == .seconds(1))
        #expect(settings.alerts.fatigue.cooldowns["policies"] == .seconds(600))
        #expect(settings.alerts.fatigue.cooldowns["billing"] == .seconds(3600))
        #expect(settings.alerts.fatigue.defaultCooldown == .seconds(9))
        #expect(settings.alerts.fatigue.maxAlertsPerTenantPerHour == 7)
        var acme = TenantFatigueSettings()
        acme.enabled = false
        acme.dedupWindow = .seconds(1)
        acme.maxAlertsPerHour = 3
        acme.cooldowns = ["logs": .seconds(2)]
        #expect(settings.alerts.fatigue.tenants == ["acme": acme, "quiet": TenantFatigueSettings()])
        #expect(settings.log == LogSettings(level: .debug, format: .json))
    }

    @Test func `an empty section is an empty one`() throws {
        #expect(try self.load("version: 1\nlog:\nalerts:\n  cooldowns:\n").text == "")
    }

    @Test func `a flag wins over the environment, that over the file, that over the default`() throws {
        let file = "version: 1\nheartbeat: { interval: 10s }\nlog: { level: debug }\nshutdown: { grace: 3s }"
        let environment = [
            "REACTOR_HEARTBEAT_INTERVAL_SECONDS": "11", "REACTOR_LOG_LEVEL": "error", "REACTOR_HTTP_LISTEN": "off",
        ]
        let flags = [ConfigurationOverride(path: "http.listen", value: "127.0.0.1:1", flag: "--listen")]
        let configuration = try #require(try self.load(file, environment, flags).configuration)
        #expect(configuration.heartbeat.interval == .seconds(11))
        #expect(configuration.log.level == .error)
        #expect(configuration.shutdown.grace == .seconds(3))
        #expect(configuration.http.listen == .tcp(host: "127.0.0.1", port: 1))
        let origins = Dictionary(uniqueKeysWithValues: configuration.settings.map { ($0.path, "\($0.origin)") })
        #expect(origins["heartbeat.interval"] == "environment REACTOR_HEARTBEAT_INTERVAL_SECONDS")
        #expect(origins["log.level"] == "environment REACTOR_LOG_LEVEL")
        #expect(origins["http.listen"] == "flag --listen")
        #expect(origins["shutdown.grace"]?.hasSuffix("/reactor.yaml:4:20") == true)
        #expect(origins["enabled"] == "default")
    }

    @Test func `the names of the original system are honoured`() throws {
        let environment = [
            "REDIS_URL": "redis://h:1", "EVENT_REACTOR_ENABLED": "off", "REACTOR_HEARTBEAT_INTERVAL_SECONDS": "7",
            "REACTOR_HEARTBEAT_MISS_THRESHOLD": "2", "ALERT_FATIGUE_ENABLED": "0", "ALERT_COOLDOWN_INCIDENTS": "1",
            "ALERT_COOLDOWN_POLICIES": "2", "ALERT_COOLDOWN_LOGS": "3", "ALERT_COOLDOWN_ORCHESTRATOR": "4",
            "ALERT_COOLDOWN_AUDIT": "5", "ALERT_COOLDOWN_DEFAULT": "6", "ALERT_DEDUP_WINDOW_SECONDS": "8",
            "MAX_ALERTS_PER_TENANT_PER_HOUR": "0",
        ]
        let configuration = try #require(try self.load("version: 1\nenabled: true", environment).configuration)
        #expect(configuration.redis.endpoint?.description == "redis://h:1/0")
        #expect(!configuration.enabled)
        #expect(configuration.heartbeat == HeartbeatSettings(interval: .seconds(7), missThreshold: 2))
        #expect(!configuration.alerts.fatigue.enabled)
        let cooldowns = ["incidents": 1, "policies": 2, "logs": 3, "orchestrator": 4, "audit": 5]
        #expect(configuration.alerts.fatigue.cooldowns == cooldowns.mapValues { .seconds($0) })
        #expect(configuration.alerts.fatigue.defaultCooldown == .seconds(6))
        #expect(configuration.alerts.fatigue.dedupWindow == .seconds(8))
        #expect(configuration.alerts.fatigue.maxAlertsPerTenantPerHour == 0)
    }

    @Test func `an empty variable is no variable, and sources can come from one`() throws {
        let environment = ["REDIS_URL": "", "REACTOR_SOURCES": "a,pubsub_pattern:b.*,pubsub:c"]
        let configuration = try #require(try self.load("version: 1", environment).configuration)
        #expect(configuration.redis.endpoint == nil)
        #expect(configuration.sources == [.channel("a"), .pattern("b.*"), .channel("c")])
    }

    @Test func `a variable's bad value is told with its name, its value and what is allowed`() throws {
        let environment = [
            "REACTOR_HEARTBEAT_INTERVAL_SECONDS": "soon", "ALERT_FATIGUE_ENABLED": "perhaps",
            "REACTOR_LOG_LEVEL": "loud", "REACTOR_SOURCES": "a,,b", "REDIS_URL": "http://user:hunter2@h",
            "AUDIT_ALERT_SEVERITY_DRIFT": "WORST", "AUDIT_ALERTS_ENABLED": "2", "REACTOR_HTTP_LITSEN": "off",
            "REACTOR_SERVICE_HOST": "10.0.0.1",
        ]
        let text = try self.load("version: 1", environment).text
        #expect(
            text == """
                environment: error[R042]: REACTOR_HEARTBEAT_INTERVAL_SECONDS is `soon`; it needs a whole number of seconds from 1 to 86400
                environment: error[R042]: REACTOR_LOG_LEVEL is `loud`; it needs `trace`, `debug`, `info`, `notice`, `warning`, `error` or `critical`
                environment: error[R042]: ALERT_FATIGUE_ENABLED is `perhaps`; it needs true or false
                environment: error[R042]: REACTOR_SOURCES is `a,,b`; it needs channels separated by commas, each different, such as `aos.events,pubsub_pattern:aos.*`
                environment: warning[R044]: REACTOR_HTTP_LITSEN is not a setting; did you mean `REACTOR_HTTP_LISTEN`?
                environment: error[R019]: REDIS_URL: `redis.url`: the Redis URL's scheme is "http"; allowed: redis://host:port/database, rediss://... (TLS), unix:///path/to/socket
                environment: error[R042]: AUDIT_ALERTS_ENABLED is `2`; it needs `true` or `false`
                environment: error[R026]: AUDIT_ALERT_SEVERITY_DRIFT is `WORST`; it needs `LOW`, `MEDIUM`, `HIGH` or `CRITICAL`

                """
        )
    }

    @Test func `a flag's bad value is told with its name`() throws {
        let flags = [
            ConfigurationOverride(path: "http.listen", value: "9464", flag: "--listen"),
            ConfigurationOverride(path: "redis.uri", value: "x", flag: "--set redis.uri"),
        ]
        #expect(
            try self.load("version: 1", [:], flags).text == """
                command line: error[R042]: --listen is `9464`; it needs `host:port`, `unix:/path/of/socket` or `off`
                command line: error[R042]: --set redis.uri: there is no setting `redis.uri`

                """
        )
    }

    @Test func `secrets come by reference and appear nowhere`() throws {
        let folder = try TemporaryFolder([
            "reactor.yaml": "version: 1\nredis: { url: { env: THE_URL } }",
            "secret": "redis://:hunter2@other:1\n",
        ])
        let byEnvironment = folder.load(["THE_URL": "redis://u:hunter2%40:x@h:1/0"])
        #expect(byEnvironment.configuration?.redis.endpoint?.description == "redis://u:***@h:1/0")
        try folder.write("reactor.yaml", Array("version: 1\nredis: { url: { file: \(folder.path)/secret } }".utf8))
        let byFile = folder.load()
        #expect(byFile.configuration?.redis.endpoint?.description == "redis://:***@other:1/0")
        for result in [byEnvironment, byFile] {
            var text = "\(result)"
            dump(result, to: &text)
            #expect(!text.contains("hunter2"))
        }
    }

    @Test func `what a reload cannot change is named`() throws {
        let old = try #require(try self.load("version: 1\nredis: {url: \"redis://:a@h:1\"}").configuration)
        let text = "version: 1\nredis: {url: \"redis://:b@h:1\"}\nheartbeat: {interval: 1s}\nalerts: {dedup_window: 1s}"
        let new = try #require(try self.load(text).configuration)
        #expect(new.settingsThatNeedRestart(since: old) == ["heartbeat.interval", "redis.url"])
        #expect(old.settingsThatNeedRestart(since: old).isEmpty)
    }

    @Test func `the version changes with what is in force, not with comments or the instance`() throws {
        func version(_ config: String, _ handler: String = "", _ environment: [String: String] = [:]) throws -> String {
            let folder = try TemporaryFolder(["reactor.yaml": config, "handlers/a.yaml": handler])
            return try #require(folder.load(environment).configuration?.version)
        }
        let handler = "handler: a\non: x\ndo: [{log: {message: \"${M:-m}\"}}]"
        let first = try version("version: 1", handler)
        #expect(first.utf8.count == 12)
        #expect(try version("# c\nversion: 1\ninstance: b\nlog: {level: info}", handler + "\n# c") == first)
        #expect(try version("version: 1\nlog: {level: debug}", handler) != first)
        #expect(try version("version: 1", handler, ["M": "n"]) != first)
        #expect(try version("version: 1", handler, ["REACTOR_LOG_LEVEL": "debug"]) != first)
        #expect(try version("version: 1", "") != first)
    }
}
