import EventPatterns
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
        #expect(examples.count == 9)
        for example in examples {
            let isWhole = example.contains("handler:")
            let handler = isWhole ? example : "handler: example\non: run.failed\ndo: [{log: {message: m}}]\n" + example
            #expect(try check(handler: handler) == "", "\(example)")
        }
    }

    @Test func `examples of patterns load`() throws {
        let examples = try self.examples("patterns.md")
        #expect(examples.count == 5)
        for example in examples {
            let indented = example.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n")
            let rest = example.contains("match:") ? example : "match:\n" + indented
            let handler = "handler: example\non: [run.failed, run.halted]\ndo: [{log: {message: m}}]\n" + rest
            #expect(try check(handler: handler) == "", "\(example)")
        }
    }

    @Test func `the page on patterns names every operator and every code of the analysis`() throws {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let text = String(decoding: try Data(contentsOf: URL(filePath: "\(root)/docs/patterns.md")), as: UTF8.self)
        for name in EventPattern.operatorNames { #expect(text.contains("`{ \(name): "), "\(name)") }
        for code in [
            DiagnosticCode.unlikelyField, .neverMatches, .duplicatePattern, .shadowedPattern, .redundantPattern,
            .costlyPattern, .unlikelyEventType, .circle, .loop,
        ] {
            #expect(text.contains("| \(code.rawValue) |"), "\(code)")
        }
    }

    @Test func `examples of the configuration load`() throws {
        let examples = try self.examples("configuration.md")
        #expect(examples.count == 2)
        let environment = [
            "REDIS_URL": "rediss://:secret@redis.example", "HISTORY_URL": "postgres://aos:secret@db.example/aos",
        ]
        for example in examples { #expect(try check(config: example, environment) == "", "\(example)") }
    }

    @Test func `examples of receivers and routes load`() throws {
        let examples = try self.examples("alerts.md")
        #expect(examples.count == 2)
        let folder = try TemporaryFolder(["pagerduty": "0123456789abcdef0123456789abcdef\n"])
        let environment = [
            "OPS_WEBHOOK": "https://hooks.example.com/x",
            "OPS_WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "SLACK_WEBHOOK": "https://hooks.slack.com/services/T/B/x",
        ]
        for example in examples {
            // The files that the page names are on nobody's machine.
            let text = example.split(separator: "/run/secrets/pagerduty", omittingEmptySubsequences: false)
                .joined(separator: folder.path + "/pagerduty")
                .split(separator: "/etc/ssl/own-ca.pem", omittingEmptySubsequences: false)
                .joined(separator: folder.path + "/pagerduty")
            #expect(try check(config: text, environment) == "", "\(example)")
        }
    }

    @Test func `the page on alerts names every verdict`() throws {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let text = String(decoding: try Data(contentsOf: URL(filePath: "\(root)/docs/alerts.md")), as: UTF8.self)
        for verdict in Verdict.allCases { #expect(text.contains("| `\(verdict.rawValue)` |"), "\(verdict)") }
    }
}
