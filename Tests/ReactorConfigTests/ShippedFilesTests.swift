import FoundationEssentials
import Reactions
import Testing

@testable import ReactorConfig

struct ShippedFilesTests {
    /// The root of the repository, three steps above this file.
    private let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        .joined(separator: "/")

    private func load(_ environment: [String: String] = [:]) -> LoadResult {
        ConfigurationLoader.load(
            configPath: self.root + "/config/reactor.yaml",
            handlersPath: self.root + "/handlers",
            environment: environment,
            defaultInstance: "test-1",
            comparesHandlers: true
        )
    }

    @Test func `they load without a single diagnostic`() {
        let result = self.load()
        #expect(DiagnosticRenderer().render(result.diagnostics) == "")
        #expect(result.isUsable)
        #expect(result.checkExitCode == 0)
        #expect(result.handlers.count == 15)
        // How long runs may take, and what they may cost, is for the platform to say.
        #expect(result.handlers.filter { !$0.enabled }.map(\.name) == ["run-limits"])
    }

    @Test func `the configuration names every setting with its default`() throws {
        let configuration = try #require(self.load().configuration)
        let defaults = try #require(
            try TemporaryFolder(["reactor.yaml": "version: 1"]).load().configuration
        )
        let lists = configuration.settings.count - defaults.settings.count
        #expect(configuration.settings.suffix(lists).map(\.path) == AlertsReader.paths)
        #expect(configuration.settings.dropLast(lists).map(\.path) == defaults.settings.map(\.path))
        #expect(configuration.settings.dropLast(lists).map(\.value) == defaults.settings.map(\.value))
        #expect(configuration.alerts == defaults.alerts)
        let named = configuration.settings.filter { $0.origin != .standard }.map(\.path)
        let optional = ["instance", "redis.ca_file", "http.token"]
        #expect(Set(defaults.settings.map(\.path)).subtracting(named) == Set(optional))
    }

    @Test func `the documentation names every code and every variable`() throws {
        let path = self.root + "/docs/configuration.md"
        let text = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
        for code in DiagnosticCode.allCases { #expect(text.contains("| \(code.rawValue) |"), "\(code)") }
        for option in OptionTable.options {
            #expect(text.contains("`\(option.path)`"), "\(option.path)")
            for original in option.originalNames { #expect(text.contains("`\(original.name)`"), "\(original.name)") }
        }
    }
}
