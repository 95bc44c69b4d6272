import FoundationEssentials
import Reactions
import Testing

@testable import ReactorConfig

/// The examples of the documentation are loaded as they stand there.
struct DocumentationTests {
    /// The ```yaml blocks of a page.
    private func examples(_ page: String) throws -> [String] {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let text = String(decoding: try Data(contentsOf: URL(filePath: "\(root)/docs/\(page)")), as: UTF8.self)
        return text.split(separator: "```yaml\n").dropFirst().compactMap { block in
            block.split(separator: "\n```", maxSplits: 1).first.map(String.init)
        }
    }

    @Test func `examples of handlers load`() throws {
        let examples = try self.examples("handlers.md")
        #expect(examples.count == 3)
        for example in examples {
            let isWhole = example.contains("handler:")
            let handler = isWhole ? example : "handler: example\non: run.failed\ndo: [{log: {message: m}}]\n" + example
            #expect(try check(handler: handler) == "", "\(example)")
        }
    }

    @Test func `examples of the configuration load`() throws {
        let examples = try self.examples("configuration.md")
        #expect(examples.count == 1)
        for example in examples {
            #expect(try check(config: example, ["REDIS_URL": "rediss://:secret@redis.example"]) == "", "\(example)")
        }
    }
}
