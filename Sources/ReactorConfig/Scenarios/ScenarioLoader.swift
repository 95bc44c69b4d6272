package import Reactions

/// Reads scenarios, the handlers that lie beside them and the configuration, and finds every problem in one go.
package enum ScenarioLoader {
    /// Scenarios are read from files of these names.
    package static let suffix = "_test.yaml"

    /// - Parameters:
    ///   - paths: Folders, of which every `*_test.yaml` is read, and files; none for the default folder of handlers, if
    ///     there is one.
    ///   - configPath: As for `ConfigurationLoader.load`.
    ///   - handlersPath: The handlers; nil for those that lie beside each file.
    ///   - environment: The variables of the process; nothing else is asked for them.
    package static func load(
        paths: [String],
        configPath: String? = nil,
        handlersPath: String? = nil,
        environment: [String: String]
    ) -> ScenarioSet {
        let problems = ProblemList()
        var files = YAMLFiles(environment: environment, problems: problems)
        var builder = ConfigurationBuilder(instance: "scenario", environment: environment, problems: problems)
        _ = ConfigurationLoader.readSettings(configPath, [], &files, into: &builder)
        var set = ScenarioSet()
        guard !problems.hasErrors else {
            set.diagnostics = Diagnostic.sorted(problems.diagnostics)
            return set
        }
        builder.nodes = [:]
        // What is wrong with these variables is told by whoever reads the files of handlers.
        let audit = AuditAlertEnvironment(environment, problems: ProblemList())
        let runs = RunTimesEnvironment(environment, problems: ProblemList())
        var folders: [String: [LoadedHandler]] = [:]
        let tests = Self.files(paths, problems)
        for path in tests {
            let folder = handlersPath ?? Self.folder(of: path)
            if folders[folder] == nil {
                let reader = HandlerSetReader(sources: builder.configuration.sources, problems: problems)
                let loaded = reader.read(folder, &files)
                folders[folder] = loaded
                set.handlers += loaded.flatMap(\.definitions)
            }
            guard let file = files.load(path) else { continue }
            set.files.append(path)
            let reader = ScenarioReader(
                context: file.context,
                handlers: folders[folder] ?? [],
                base: builder,
                audit: audit,
                runs: runs
            )
            set.scenarios += Self.read(file, reader)
        }
        let isTold = Set(tests)
        set.diagnostics = Diagnostic.sorted(problems.diagnostics).filter {
            $0.severity == .error || isTold.contains($0.place.file)
        }
        return set
    }

    private static func read(_ file: YAMLFiles.File, _ reader: ScenarioReader) -> [Scenario] {
        var scenarios: [Scenario] = []
        for document in file.documents {
            guard let scenario = reader.read(document) else { continue }
            if let first = scenarios.first(where: { $0.name == scenario.name }) {
                let message = "a scenario of this name begins at line \(first.location.line)"
                let position = TextPosition(line: scenario.location.line, column: scenario.location.column)
                file.context.report(.duplicateName, at: position, message)
            }
            scenarios.append(scenario)
        }
        return scenarios
    }

    private static func files(_ paths: [String], _ problems: ProblemList) -> [String] {
        var seen: Set<String> = []
        var paths = paths
        let standard = ConfigurationLoader.defaultHandlersPath
        if paths.isEmpty, FileText.isFolder(standard) { paths = [standard] }
        return paths.flatMap { path -> [String] in
            guard FileText.isFolder(path) else {
                if HandlerSetReader.isScenario(path) { return [path] }
                let message = "is no file of scenarios: their names end in `\(Self.suffix)`"
                problems.add(Diagnostic(.error, .badScenario, at: .path(path), message))
                return []
            }
            do throws(FileText.Failure) {
                let folder = path.utf8.last == UInt8(ascii: "/") ? path : path + "/"
                return try FileText.names(in: path).filter(HandlerSetReader.isScenario).map { folder + $0 }
            } catch {
                problems.add(Diagnostic(.error, .unreadable, at: .path(path), error.message))
                return []
            }
        }.filter { seen.insert($0).inserted }
    }

    /// Where the scenarios of handlers are that were named: in the same folder. Nil for a single file, which others may stand
    /// beside.
    package static func folder(beside handlersPath: String?) -> String? {
        handlersPath.flatMap { FileText.isFolder($0) ? $0 : nil }
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

/// What was read.
package struct ScenarioSet: Sendable {
    package var scenarios: [Scenario] = []
    /// All handlers that could take part.
    package var handlers: [HandlerDefinition] = []
    /// The files of scenarios that were read.
    package var files: [String] = []
    /// Sorted by place.
    package var diagnostics: [Diagnostic] = []

    package init() {}

    /// Whether there are no errors.
    package var isUsable: Bool { !self.diagnostics.contains { $0.severity == .error } }
}

extension Diagnostic.Place {
    /// The file; empty for what is in none.
    fileprivate var file: String {
        switch self {
        case .source(let location): location.file
        case .path(let path): path
        case .environment, .commandLine: ""
        }
    }
}
