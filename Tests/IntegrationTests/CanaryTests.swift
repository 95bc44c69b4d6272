import Events
import FoundationEssentials
import ReactorTestKit
import RedisServer
import Testing

/// Secrets of receivers and of the admin interface are planted, and looked for wherever anything is written or told.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct CanaryTests {
    /// Part of every secret.
    private static let canary = "CANARY"
    private static let environment = [
        "ADMIN_TOKEN": "CANARY-token-0123456789",
        "HOOK_URL": "http://127.0.0.1:1/CANARY/path?token=CANARY",
        // 24 bytes in Base64.
        "HOOK_SECRET": "whsec_CANARYCANARYCANARYCANARYCANARYCA",
        "HOOK_AUTHORIZATION": "Bearer CANARY",
        "SLACK_URL": "http://127.0.0.1:1/services/CANARY",
        "PAGER_KEY": "CANARY0123456789abcdef0123456789",
        "EXEC_KEY": "CANARY-exec",
    ]
    private static let config = """
        http: { token: { env: ADMIN_TOKEN } }
        log: { level: trace, format: json }
        alerts:
          receivers:
            - name: hook
              allow_private: true
              webhook: { url: "${HOOK_URL}", secret: { env: HOOK_SECRET }, authorization: { env: HOOK_AUTHORIZATION } }
            - { name: chat, allow_private: true, slack: { url: { env: SLACK_URL } } }
            - name: pager
              allow_private: true
              pagerduty: { routing_key: { env: PAGER_KEY }, url: "http://127.0.0.1:1/CANARY" }
            - { name: script, exec: { command: [/bin/sh, -c, "exit 65"], env: { KEY: "${EXEC_KEY}" } } }
          default_to: [hook, chat, pager, script]

        """

    /// Everything that a server keeps, as text.
    private static func content(of server: RedisServerProcess) async throws -> String {
        let script = """
            local all = {}
            for _, key in ipairs(redis.call('KEYS', '*')) do
              local kind = redis.call('TYPE', key).ok
              local value
              if kind == 'string' then value = redis.call('GET', key)
              elseif kind == 'hash' then value = redis.call('HGETALL', key)
              elseif kind == 'stream' then value = redis.call('XRANGE', key, '-', '+')
              elseif kind == 'zset' then value = redis.call('ZRANGE', key, 0, -1)
              elseif kind == 'set' then value = redis.call('SMEMBERS', key)
              elseif kind == 'list' then value = redis.call('LRANGE', key, 0, -1) end
              all[#all + 1] = key .. ' ' .. cjson.encode(value or '')
            end
            return table.concat(all, '\\n')
            """
        return "\(try await server.command("EVAL", script, "0"))"
    }

    @Test func `no secret is in a log, an answer, a metric, a receipt, a dead letter, the store or what a verb prints`()
        async throws
    {
        try await withRedisServer { server in
            try await withRunningReactor(
                redis: server.url,
                handlers: SampleHandlers.failedRuns,
                config: Self.config,
                environment: Self.environment
            ) { reactor in
                await eventually("ready") { await reactor.isReady }
                var told: [String: String] = [:]
                func verb(_ words: String...) async throws -> FinishedProgram {
                    let run = try await withTemporaryFolder { folder in
                        try await finish(
                            try command([BuiltProgram.path] + words + ["--url", reactor.adminAddress], in: folder),
                            environment: ["REACTOR_HTTP_TOKEN": Self.environment["ADMIN_TOKEN"] ?? ""]
                        )
                    }
                    told[words.joined(separator: " ")] = run.everything
                    return run
                }
                let event = #"{"event_type": "run.failed", "payload": {"run_id": "r1", "tenant_id": "acme"}}"#
                _ = try await server.publish([event], on: "aos.events")
                try await eventually("given up by one, tried in vain by the others") {
                    guard try await verb("dlq", "list").exitCode == 0 else { return false }
                    return try await verb("explain", "r1").output.contains("hook (webhook): ")
                        && told["explain r1"]?.contains("in vain") == true
                }
                let letters = try JSONValue.parse(try await verb("dlq", "list", "--json").output)["deliveries"]?
                    .arrayValue
                let letter = try #require(letters?.first?["id"]?.stringValue)
                _ = try await verb("dlq", "show", letter)
                _ = try await verb("alerts", "--json")
                _ = try await verb("status", "--json")
                for receiver in ["hook", "chat", "pager", "script"] {
                    let test = try await verb("receivers", "test", receiver)
                    #expect(test.exitCode == 1, "\(receiver): \(test.everything)")
                }
                for path in [
                    "/healthz", "/readyz", "/metrics", "/version", "/openapi.json", "/v1/status", "/v1/handlers",
                    "/v1/alerts", "/v1/receipts", "/v1/receivers", "/v1/silences", "/v1/audit", "/v1/deliveries",
                    "/v1/dead-letters", "/v1/dead-letters/\(letter)", "/v1/quarantine", "/v1/tenants/acme/fatigue",
                ] {
                    told[path] = try await reactor.get(path, token: Self.environment["ADMIN_TOKEN"]).body
                }
                #expect(told["/v1/deliveries"]?.contains("hook") == true)
                for words in [["check"], ["receivers"], ["routes", "test"]] {
                    let run = try await finish(
                        [BuiltProgram.path] + words + ["--config", reactor.folder + "/reactor.yaml"],
                        environment: Self.environment
                    )
                    told[words.joined(separator: " ")] = run.everything
                }
                told["the store"] = try await Self.content(of: server)
                #expect(told["the store"]?.contains("r1") == true)
                told["the log"] = reactor.program.errorOutput + reactor.program.output
                for (what, text) in told.sorted(by: { $0.key < $1.key }) {
                    #expect(!text.contains(Self.canary), "\(what)")
                }
            }
        }
    }
}
