import Events
import FoundationEssentials
import ReactorTestKit
import RedisServer
import Testing

/// `publish` and `generate`: what arrives at those who listen.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct PublishVerbTests {
    @Test func `publish writes an envelope and says how many listen`() async throws {
        try await withRedisServer { server in
            let redis = ["REDIS_URL": server.url]
            let nobody = try await runVerb("publish", "run.failed", environment: redis)
            #expect(nobody.exitCode == 0)
            #expect(nobody.output == "1 event published on aos.events, 0 subscribers\n")
            #expect(nobody.errorOutput == "warning: nobody listens on aos.events\n")

            try await Python.withListener(to: "aos.events", on: server) { first in
                try await Python.withListener(to: "aos.events", on: server) { second in
                    let payload = #"{"run_id": "r1", "cost": 1.5, "text": "ä\n"}"#
                    let told = try await runVerb("publish", "run.failed", "--payload", payload, environment: redis)
                    #expect(told.exitCode == 0)
                    #expect(told.output == "1 event published on aos.events, 2 subscribers\n")
                    #expect(told.errorOutput.isEmpty)
                    try await eventually("both have it") {
                        try first.jsonLines.count == 1 && second.jsonLines.count == 1
                    }
                    let event = try #require(try first.jsonLines.first)
                    #expect(event["event_type"]?.stringValue == "run.failed")
                    #expect(event["source"]?.stringValue == "aos-reactor-cli")
                    #expect(Timestamp.parse(iso8601: event["timestamp"]?.stringValue ?? "")?.hasOffset == true)
                    #expect(event["payload"]?["run_id"]?.stringValue == "r1")
                    #expect(event["payload"]?["cost"]?.doubleValue == 1.5)
                    #expect(event["payload"]?["text"]?.stringValue == "ä\n")
                }
            }
        }
    }

    @Test func `a payload from standard input, many times, at a rate`() async throws {
        try await withRedisServer { server in
            try await Python.withListener(to: "other", on: server) { listener in
                let published = try await runVerb(
                    "publish",
                    "run.started",
                    "--payload",
                    "-",
                    "--count",
                    "21",
                    "--rate",
                    "40",
                    "--channel",
                    "other",
                    "--redis",
                    server.url,
                    input: #"{"run_id": "r2"}"# + "\n"
                )
                #expect(published.exitCode == 0)
                #expect(published.output == "21 events published on other, 1 subscribers\n")
                // Twenty pauses of 25 ms.
                #expect(published.elapsed >= .milliseconds(500))
                try await eventually("all arrived") { try listener.jsonLines.count == 21 }
                let events = try listener.jsonLines
                #expect(events.allSatisfy { $0["payload"]?["run_id"]?.stringValue == "r2" })
                let times = events.compactMap {
                    Timestamp.parse(iso8601: $0["timestamp"]?.stringValue ?? "")?.timestamp
                }
                let length = (try #require(times.last) - (try #require(times.first))).inMilliseconds
                figure("21 events at 40 a second took", length, "ms")
                #expect(length >= 475)
            }
        }
    }

    @Test func `equal seeds give equal events, another seed others`() async throws {
        try await withRedisServer { server in
            try await Python.withListener(to: "aos.events", on: server) { listener in
                var generated: [[JSONValue]] = []
                for seed in ["7", "7", "8"] {
                    let before = try listener.jsonLines.count
                    let verb = try await runVerb(
                        "generate",
                        "--seed",
                        seed,
                        "--count",
                        "150",
                        environment: ["REDIS_URL": server.url]
                    )
                    #expect(verb.exitCode == 0)
                    #expect(verb.output == "150 events published, seed \(seed)\n")
                    #expect(verb.errorOutput.isEmpty)
                    try await eventually("all arrived") { try listener.jsonLines.count == before + 150 }
                    generated.append(try listener.jsonLines.dropFirst(before).map(Self.withoutTimes))
                }
                #expect(generated[0] == generated[1])
                #expect(generated[0] != generated[2])
                let types = Set(generated[0].compactMap { $0["event_type"]?.stringValue })
                #expect(
                    types.isSuperset(of: ["run.started", "run.step.completed", "run.completed", "policy.evaluated"])
                )
            }
        }
    }

    /// When something happened differs from one time to the next; what happened does not.
    private static func withoutTimes(_ event: JSONValue) -> JSONValue {
        let payload = event["payload"] ?? .null
        guard case .object(let members) = payload else { return event }
        let kept = members.filter { Timestamp.parse(iso8601: $0.value.stringValue ?? "") == nil }
        return ["event_type": event["event_type"] ?? .null, "payload": .object(kept)]
    }

    @Test func `generate ends when its runs are over, and shows its progress on a terminal only`() async throws {
        try await withRedisServer { server in
            let few = try await runVerb("generate", "--runs", "3", "--redis", server.url)
            #expect(few.exitCode == 0)
            let count = Int(few.output.prefix { $0 != " " }) ?? 0
            #expect((9...60).contains(count), "\(few.output)")

            try await withTemporaryFolder { folder in
                let inner = "\(BuiltProgram.path) generate --count 60 --rate 200 --redis \(server.url)"
                let terminal = try await finish(try command(["script", "-qec", inner, "/dev/null"], in: folder))
                #expect(terminal.output.contains("[##############################] 60/60"), "\(terminal.output)")
            }
        }
    }

    @Test func `a flag wins over the environment, and that over the file`() async throws {
        try await withRedisServer { server in
            try await withTemporaryFolder { folder in
                let file = "version: 1\nredis: { url: \"\(server.url)\" }\nsources: [{ pubsub: from-file }]\n"
                try write(file, to: folder + "/config/reactor.yaml")
                try write("version: 1\nsources: [{ pubsub: from-other-file }]\n", to: folder + "/other.yaml")
                func channel(_ arguments: [String] = [], _ environment: [String: String] = [:]) async throws -> String {
                    let verb = [BuiltProgram.path, "publish", "x.y"] + arguments
                    let finished = try await finish(try command(verb, in: folder), environment: environment)
                    return String(finished.output.prefix { $0 != "," }.split(separator: " ").last ?? "")
                }
                let sources = ["REACTOR_SOURCES": "from-environment"]
                #expect(try await channel() == "from-file")
                #expect(try await channel([], sources) == "from-environment")
                #expect(try await channel(["--channel", "from-flag"], sources) == "from-flag")

                // Which file: the flag, the environment, the default place.
                let other = ["REACTOR_CONFIG": "other.yaml", "REDIS_URL": server.url]
                #expect(try await channel([], other) == "from-other-file")
                #expect(try await channel(["--config", "config/reactor.yaml"], other) == "from-file")

                // Which server.
                let wrong = ["REDIS_URL": "unix://\(folder)/nothing.sock"]
                #expect(try await channel(["--redis", server.url], wrong) == "from-file")
            }
        }
    }
}
