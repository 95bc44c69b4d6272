import Testing

@testable import ReactorConfig

struct LoadResultTests {
    @Test func `a refusal names the first error in one line, and how many more there are`() throws {
        let folder = try TemporaryFolder(["reactor.yaml": "version: 1\nlog: { level: loud }\n"])
        let one = folder.load().refusal
        #expect(folder.shortened(one).hasPrefix("reactor.yaml:2:15: error[R014]: `log.level` needs"))
        #expect(!one.contains("\n") && !one.contains("more"))
        try folder.write("reactor.yaml", Array("version: 1\nlog: { level: loud }\nlgo: {}\nREDIS: {}\n".utf8))
        #expect(folder.load().refusal.hasSuffix("; 2 more, `aos-reactor check` shows all"))
    }

    @Test func `a refusal tells no password`() throws {
        let file = "version: 1\nredis: { url: \"redis://:secret@host:port\" }\n"
        let refusal = try TemporaryFolder(["reactor.yaml": file]).load().refusal
        #expect(refusal.contains("error[R019]") && !refusal.contains("secret"))
    }

    @Test func `the settings can be read without the handlers`() throws {
        let folder = try TemporaryFolder([
            "reactor.yaml": "version: 1\nredis: { required: true }\n", "handlers/a.yaml": "handler: [",
        ])
        #expect(!folder.load().isUsable)
        let result = ConfigurationLoader.loadSettings(
            configPath: folder.path + "/reactor.yaml",
            environment: ["REACTOR_LOG_LEVEL": "error"],
            defaultInstance: "test-1"
        )
        #expect(result.isUsable && result.diagnostics.isEmpty && result.handlers.isEmpty)
        #expect(result.configuration?.redis.isRequired == true)
        #expect(result.configuration?.log.level == .error)
        #expect(result.filesRead == [folder.path + "/reactor.yaml"])
    }

    @Test func `whether Redis is required has its own variable`() throws {
        func isRequired(_ environment: [String: String]) throws -> Bool? {
            try TemporaryFolder(["reactor.yaml": "version: 1"]).load(environment).configuration?.redis.isRequired
        }
        #expect(try isRequired([:]) == false)
        #expect(try isRequired(["REACTOR_REQUIRE_REDIS": "yes"]) == true)
        #expect(try isRequired(["REACTOR_REDIS_REQUIRED": "1"]) == true)
        #expect(try isRequired(["REACTOR_REQUIRE_REDIS": "maybe"]) == nil)
    }
}
