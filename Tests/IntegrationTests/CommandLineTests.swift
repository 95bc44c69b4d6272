import FoundationEssentials
import ReactorTestKit
import RedisServer
import Testing

/// What every verb has in common: help with an example, and how it ends when something is wrong.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct CommandLineTests {
    private static let verbs = [
        "run", "check", "handlers", "publish", "generate", "tap", "status", "doctor", "version", "alerts", "explain",
        "routes", "receivers", "silence", "dlq",
    ]
    private static let verbsBelow = [
        "routes map", "routes test", "receivers list", "receivers test", "silence add", "silence list",
        "silence expire", "silence preview", "dlq list", "dlq show", "dlq retry", "dlq drop",
    ]

    @Test(arguments: Self.verbs + Self.verbsBelow)
    func `help has an example that fits on its line, and an unknown flag ends with 64`(verb: String) async throws {
        let help = try await Self.run(verb, "--help")
        #expect(help.exitCode == 0)
        #expect(help.errorOutput.isEmpty)
        let examples = help.output.split(separator: "\n").filter { $0.hasPrefix("Example: ") }
        #expect(!examples.isEmpty, "\(help.output)")
        // What was broken in two could not be pasted: each line names the program, and no quote stays open.
        for example in examples {
            #expect(example.contains("aos-reactor \(verb)"), "\(example)")
            #expect(example.count { $0 == "'" }.isMultiple(of: 2), "\(example)")
        }
        let wrong = try await Self.run(verb, "--nonsense")
        #expect(wrong.exitCode == 64)
        #expect(wrong.output.isEmpty)
        #expect(wrong.errorOutput.contains("Usage: aos-reactor \(verb)"))
    }

    private static func run(_ verb: String, _ flag: String) async throws -> FinishedProgram {
        try await withTemporaryFolder { folder in
            let words = verb.split(separator: " ").map(String.init)
            return try await finish(try command([BuiltProgram.path] + words + [flag], in: folder))
        }
    }

    @Test func `help lists all verbs, and a verb that does not exist ends with 64`() async throws {
        let help = try await runVerb("--help")
        #expect(help.exitCode == 0)
        for verb in Self.verbs { #expect(help.output.contains("\n  \(verb) "), "\(verb)") }
        let unknown = try await runVerb("publsh")
        #expect(unknown.exitCode == 64)
        #expect(try await runVerb("version").output.hasPrefix("aos-reactor "))
    }

    @Test func `values that a flag does not take end with 64`() async throws {
        for arguments in [
            ["publish", "x", "--count", "0"], ["publish", "x", "--rate", "-1"], ["publish", ""], ["publish"],
            ["generate", "--seed", "many"], ["check", "--format", "xml"],
        ] {
            let wrong = try await withTemporaryFolder { folder in
                try await finish(try command([BuiltProgram.path] + arguments, in: folder))
            }
            #expect(wrong.exitCode == 64, "\(arguments): \(wrong.everything)")
        }
    }

    @Test func `a payload that is not a JSON object ends with 65, and says where it breaks`() async throws {
        for payload in ["{oops", "[1]", "null", #"{"a": 1"#, ""] {
            let wrong = try await runVerb("publish", "x.y", "--payload", payload)
            #expect(wrong.exitCode == 65, "\(payload): \(wrong.everything)")
            #expect(wrong.errorOutput.contains("the payload must be a JSON object"))
        }
        let piped = try await runVerb("publish", "x.y", "--payload", "-", input: "{oops")
        #expect(piped.exitCode == 65)
        #expect(piped.errorOutput.contains("byte 5"))
    }

    @Test func `a Redis that cannot be reached ends with 69 and is named`() async throws {
        let verbs = [
            ["publish", "x.y"], ["doctor"], ["generate", "--count", "1"],
            ["run", "--require-redis", "--listen", "off"],
        ]
        try await concurrently(verbs) { arguments in
            try await withTemporaryFolder { folder in
                let away = "unix://\(folder)/nothing.sock"
                let verb = try command([BuiltProgram.path] + arguments, in: folder)
                let finished = try await finish(verb, environment: ["REDIS_URL": away])
                #expect(finished.exitCode == 69)
                #expect(finished.errorOutput.contains(away))
            }
        }
    }

    @Test func `a reactor that is not there ends with 69 and is named as the flag wrote it`() async throws {
        for verb in ["status", "tap"] {
            let finished = try await runVerb(verb, "--url", "unix:nothing.sock")
            #expect(finished.exitCode == 69)
            #expect(finished.errorOutput.contains("no reactor answers at unix:nothing.sock"))
        }
        let none = try await runVerb("publish", "x.y")
        #expect(none.exitCode == 69)
        #expect(none.errorOutput.contains("no embedded server in var/redis"))
    }

    @Test func `a file that cannot be read ends with 78, whoever asks for it`() async throws {
        for verb in [
            ["run"], ["check"], ["handlers"], ["publish", "x"], ["generate"], ["tap"], ["status"], ["doctor"],
        ] {
            try await withTemporaryFolder { folder in
                let arguments = [BuiltProgram.path] + verb + ["--config", "nothing.yaml"]
                let finished = try await finish(try command(arguments, in: folder))
                #expect(finished.exitCode == 78, "\(verb): \(finished.everything)")
                #expect(finished.everything.contains("nothing.yaml: error[R001]: does not exist"))
            }
        }
        let handlers = try await runVerb("check", "--handlers", "nothing")
        #expect(handlers.exitCode == 78)
        #expect(handlers.output.contains("nothing: error[R001]: does not exist"))
    }

    @Test func `a configuration that is refused ends run with 78 before anything is started`() async throws {
        try await withTemporaryFolder { folder in
            try write("version: 1\nheartbeat: { interval: 30 }\n", to: folder + "/config/reactor.yaml")
            let finished = try await runVerb("run", in: folder)
            #expect(finished.exitCode == 78)
            #expect(finished.errorOutput.contains("config/reactor.yaml:2:24: error[R014]"))
            #expect(!FileManager.default.fileExists(atPath: folder + "/var"))
        }
    }

    @Test func `verbs that need no handlers work while the handlers are broken`() async throws {
        try await withRedisServer { server in
            try await withTemporaryFolder { folder in
                try write("handler: [\n", to: folder + "/handlers/broken.yaml")
                let published = try await runVerb("publish", "x.y", in: folder, environment: ["REDIS_URL": server.url])
                #expect(published.exitCode == 0)
                #expect(!published.everything.contains("broken.yaml"))
                #expect(try await runVerb("handlers", in: folder).exitCode == 78)
            }
        }
    }

    @Test func `colours are for terminals, and not for those who set NO_COLOR`() async throws {
        let escape = "\u{1B}["
        try await withTemporaryFolder { folder in
            try write("version: 1\nhearbeat: {}\n", to: folder + "/config/reactor.yaml")
            let piped = try await runVerb("check", in: folder)
            #expect(piped.exitCode == 1)
            #expect(!piped.everything.contains(escape))
            // `script` gives the program a terminal.
            let terminal = ["script", "-qec", "\(BuiltProgram.path) check", "/dev/null"]
            let shown = try await finish(try command(terminal, in: folder), environment: ["TERM": "xterm"])
            #expect(shown.output.contains(escape), "\(shown.everything)")
            let plain = try await finish(
                try command(terminal, in: folder),
                environment: ["TERM": "xterm", "NO_COLOR": "1"]
            )
            #expect(plain.exitCode == shown.exitCode)
            #expect(plain.output.contains("hearbeat") && !plain.output.contains(escape), "\(plain.everything)")
        }
    }
}
