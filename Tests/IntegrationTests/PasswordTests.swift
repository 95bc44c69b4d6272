import ChildProcesses
import FoundationEssentials
import Glibc
import ReactorTestKit
import RedisServer
import Testing

/// A password that was given to the program is shown nowhere, whole or in part, raw or encoded.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct PasswordTests {
    /// Every character of a URL that means something, between parts that stand nowhere else by chance.
    private static let password = "s3kr1tA@s3kr1tB:s3kr1tC/s3kr1tD?s3kr1tE#s3kr1tF%41s3kr1tG"
    private static let encoded = "s3kr1tA%40s3kr1tB%3As3kr1tC%2Fs3kr1tD%3Fs3kr1tE%23s3kr1tF%2541s3kr1tG"
    private static let routes = [
        "/healthz", "/readyz", "/metrics", "/version", "/openapi.json", "/v1/status", "/v1/handlers", "/v1/alerts",
        "/v1/quarantine", "/v1/nothing", "/v1/alerts?limit=x",
    ]

    private static func expectNothing(
        in text: String,
        _ place: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(!text.lowercased().contains("s3kr1t"), "\(place): \(text)", sourceLocation: sourceLocation)
    }

    private static func withGuardedServer(_ body: (RedisServerProcess, String) async throws -> Void) async throws {
        try await withRedisServer { server in
            try await server.command("ACL", "SETUSER", "default", "on", "resetpass", ">" + Self.password)
            try await body(server, server.url.replacing("unix://", with: "unix://default:\(Self.encoded)@"))
        }
    }

    @Test func `the right one is on no route, in no log line and in no answer of a verb`() async throws {
        try await Self.withGuardedServer { _, url in
            try await withRunningReactor(redis: url, handlers: SampleHandlers.failedRuns) { reactor in
                await eventually("ready") { await reactor.isReady }
                let verbs = [
                    ["publish", "run.failed", "--payload", #"{"run_id": "r"}"#], ["generate", "--count", "20"],
                    ["doctor"], ["status", "--url", reactor.adminAddress],
                    ["status", "--json", "--url", reactor.adminAddress], ["check"],
                ]
                for verb in verbs {
                    let finished = try await finish(
                        try command([BuiltProgram.path] + verb, in: reactor.folder),
                        environment: ["REDIS_URL": url]
                    )
                    #expect((0...1).contains(finished.exitCode ?? -1), "\(verb): \(finished.everything)")
                    Self.expectNothing(in: finished.everything, "\(verb)")
                }
                await eventually("received") { await reactor.received() == 21 }
                try write("version: 1\nredis: [\n", to: reactor.folder + "/reactor.yaml")
                reactor.program.send(SIGHUP)
                await eventually("refused") { await !reactor.isReady }
                for route in Self.routes { Self.expectNothing(in: try await reactor.get(route).body, route) }
                reactor.program.send(SIGTERM)
                #expect(try await reactor.program.waitForExit() == .exited(code: 0))
                Self.expectNothing(in: reactor.program.output + reactor.program.errorOutput, "the log")
            }
        }
    }

    @Test func `a wrong one is not told when it is refused`() async throws {
        try await withRedisServer { server in
            try await server.command("ACL", "SETUSER", "default", "on", "resetpass", ">another")
            let url = server.url.replacing("unix://", with: "unix://:\(Self.encoded)@")
            try await withRunningReactor(redis: url, handlers: SampleHandlers.failedRuns) { reactor in
                await eventually("refused by Redis") { reactor.program.errorOutput.contains("wrong_password") }
                for verb in [
                    ["publish", "x.y"], ["generate", "--count", "1"], ["doctor"], ["run", "--require-redis"],
                ] {
                    let arguments = [BuiltProgram.path] + verb + (verb[0] == "run" ? ["--listen", "off"] : [])
                    let finished = try await finish(
                        try command(arguments, in: reactor.folder),
                        environment: ["REDIS_URL": url]
                    )
                    #expect(finished.exitCode == 69, "\(verb): \(finished.everything)")
                    Self.expectNothing(in: finished.everything, "\(verb)")
                }
                for route in Self.routes { Self.expectNothing(in: try await reactor.get(route).body, route) }
                reactor.program.send(SIGTERM)
                try await reactor.program.waitForExit()
                Self.expectNothing(in: reactor.program.output + reactor.program.errorOutput, "the log")
            }
        }
    }

    private static let nowhere = [
        // Nobody is there.
        "unix://:\(Self.encoded)@/tmp/s.sock", "redis://default:\(Self.encoded)@127.0.0.1:1/0",
        // Not addresses, or not what was meant.
        "redis://default:\(Self.password)@127.0.0.1:1", "redis://:\(Self.encoded)@127.0.0.1:port",
        "redis://:\(Self.encoded)@127.0.0.1:6379/database", "redis://:\(Self.encoded)@[::1", "redis://:s3kr1t",
        "redis://user:s3kr1t", "redis://s3kr1t@127.0.0.1:1", "http://:\(Self.encoded)@127.0.0.1",
        "redis://:\(Self.encoded)@bad host", "redis://:\(Self.encoded)@127.0.0.1?db=x",
        "unix://:\(Self.encoded)@nowhere",
        ":\(Self.encoded)@127.0.0.1:1",
    ]

    @Test func `one in an address that leads nowhere is not told`() async throws {
        try await concurrently(Self.nowhere) { url in
            try await withTemporaryFolder { folder in
                let publish = [BuiltProgram.path, "publish", "x.y"]
                try write("version: 1\nredis: { url: '\(url)' }\n", to: folder + "/file.yaml")
                let flag = try await finish(try command(publish + ["--redis", url], in: folder))
                #expect([64, 69].contains(flag.exitCode), "\(flag.everything)")
                let variable = try await finish(try command(publish, in: folder), environment: ["REDIS_URL": url])
                #expect([78, 69].contains(variable.exitCode), "\(variable.everything)")
                let check = try command([BuiltProgram.path, "check"], in: folder)
                let checks = [
                    try await finish(check, environment: ["REACTOR_REDIS_URL": url]),
                    try await finish(check + ["--config", "file.yaml"]),
                ]
                let others = [["tap"], ["status", "--json"], ["doctor"], ["run", "--require-redis"]]
                for verb in others {
                    let finished = try await finish(
                        try command([BuiltProgram.path] + verb, in: folder),
                        environment: ["REDIS_URL": url, "REACTOR_HTTP_LISTEN": "off"]
                    )
                    #expect([78, 69].contains(finished.exitCode), "\(verb): \(finished.everything)")
                    Self.expectNothing(in: finished.everything, "\(verb) \(url)")
                }
                for finished in [flag, variable] + checks { Self.expectNothing(in: finished.everything, url) }
            }
        }
    }
}
