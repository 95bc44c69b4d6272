import Testing

@testable import ReactorConfig

/// Files of up to a megabyte that would take hours if anything grew with the square of their size. The time limit is far
/// above what a slow machine needs and far below that.
struct HostileFilesTests {
    struct HostileFile: Sendable, CustomTestStringConvertible {
        var name: String
        var path: String
        var text: String

        init(_ name: String, _ path: String, _ text: String) {
            self.name = name
            self.path = path
            self.text = text
        }

        var testDescription: String { self.name }
    }

    private static func many(_ count: Int, _ separator: String, _ part: (Int) -> String) -> String {
        (0..<count).map(part).joined(separator: separator)
    }

    private static let files: [HostileFile] = [
        HostileFile(
            "unknown keys on one line",
            "reactor.yaml",
            "{version: 1, \(many(40_000, ", ") { "hearbeat\($0): 1" })}"
        ),
        HostileFile("variables", "reactor.yaml", "version: 1\ninstance: \"\(many(200_000, "") { _ in "${A}" })\""),
        HostileFile("aliases", "handlers/a.yaml", "handler: a\non: [\(many(200_000, ",") { _ in "*x" })]"),
        HostileFile(
            "types",
            "handlers/a.yaml",
            "handler: a\non: [\(many(20_000, ",") { "run.faile\($0)" })]\ndo: [{log: {}}]"
        ),
        HostileFile("a long name", "handlers/a.yaml", "handler: \(many(1_000_000, "") { _ in "a" })"),
        HostileFile(
            "a chain",
            "handlers/a.yaml",
            many(3000, "\n---\n") { "handler: h\($0)\non: x.\($0)\ndo: [{publish: {event_type: x.\($0 + 1)}}]" }
        ),
        HostileFile(
            "many circles",
            "handlers/a.yaml",
            many(600, "\n---\n") { index in
                let (own, other) = index.isMultiple(of: 2) ? ("y", "z") : ("z", "y")
                return "handler: h\(index)\non: \"\(own).*\"\ndo: [{publish: {event_type: \(other).\(index)}}]"
            }
        ),
    ]

    @Test(.timeLimit(.minutes(5)), arguments: Self.files)
    func `what is found and printed stays small`(file: HostileFile) throws {
        let folder = try TemporaryFolder([file.path: file.text])
        let result = folder.load()
        #expect(result.filesRead.count == 2)
        #expect(result.diagnostics.count <= ProblemList.maximum)
        #expect(folder.text(result).utf8.count < 1_000_000)
        #expect(result.isUsable == (file.name == "a chain" || file.name == "many circles"))
    }
}
