import FoundationEssentials
import ReactorConfig

/// A folder with files, removed at the end of the test; answers with its own path taken out.
final class TemporaryFolder {
    let path: String

    init(_ files: [String: String] = [:]) throws {
        self.path = FileManager.default.temporaryDirectory.path + "/reactor-config-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true)
        for (name, content) in files { try self.write(name, Array(content.utf8)) }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: self.path)
    }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        let file = self.path + "/" + name
        let folder = file[..<(file.lastIndex(of: "/") ?? file.endIndex)]
        try FileManager.default.createDirectory(atPath: String(folder), withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(filePath: file))
    }

    /// Loads `reactor.yaml` (if there is one) and `handlers` (if there is one).
    func load(
        _ environment: [String: String] = [:],
        _ overrides: [ConfigurationOverride] = [],
        comparesHandlers: Bool = false
    ) -> LoadResult {
        let config = self.path + "/reactor.yaml"
        let handlers = self.path + "/handlers"
        let hasConfig = FileManager.default.fileExists(atPath: config)
        let hasHandlers = FileManager.default.fileExists(atPath: handlers)
        // A default path that is not there, so that the folder the tests run in plays no part.
        return ConfigurationLoader.load(
            configPath: hasConfig ? config : self.emptyConfig,
            handlersPath: hasHandlers ? handlers : self.emptyHandlers,
            environment: environment,
            overrides: overrides,
            defaultInstance: "test-1",
            comparesHandlers: comparesHandlers
        )
    }

    private var emptyConfig: String {
        try? self.write("empty/reactor.yaml", Array("version: 1\n".utf8))
        return self.path + "/empty/reactor.yaml"
    }

    private var emptyHandlers: String {
        try? self.write("empty/handlers/none.yaml", [])
        return self.path + "/empty/handlers"
    }

    /// What `check` would print, without the path of the folder.
    func text(_ result: LoadResult) -> String {
        self.shortened(DiagnosticRenderer().render(result.diagnostics))
    }

    func shortened(_ text: String) -> String {
        text.split(separator: self.path + "/", omittingEmptySubsequences: false).joined()
    }
}

/// What is printed about one configuration.
func check(config: String, _ environment: [String: String] = [:]) throws -> String {
    let folder = try TemporaryFolder(["reactor.yaml": config])
    return folder.text(folder.load(environment))
}

/// What is printed about one file of handlers.
func check(
    handler: String,
    _ environment: [String: String] = [:],
    comparesHandlers: Bool = false
) throws -> String {
    let folder = try TemporaryFolder(["handlers/a.yaml": handler])
    return folder.text(folder.load(environment, comparesHandlers: comparesHandlers))
}
