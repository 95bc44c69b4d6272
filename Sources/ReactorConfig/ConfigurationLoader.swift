/// Reads the configuration and the handlers, at the start and again for each reload.
package enum ConfigurationLoader {
    /// Read when no other file is named; it may be missing.
    package static let defaultConfigPath = "config/reactor.yaml"
    /// Read when no other folder is named; it may be missing.
    package static let defaultHandlersPath = "handlers"

    /// Reads everything and finds every problem in one go. Never throws: what is wrong is in the result.
    ///
    /// - Parameters:
    ///   - configPath: A file that must exist; nil for the default one.
    ///   - handlersPath: A folder of `*.yaml` files, or one file, that must exist; nil for the default folder.
    ///   - environment: The variables of the process; nothing else is asked for them.
    ///   - overrides: What the flags say.
    ///   - defaultInstance: The reactor's name if nobody gives it one.
    ///   - comparesHandlers: Whether to look for handlers that accept the same events. Takes time with the square of
    ///     their number, so it is left to those who ask for all there is to say.
    package static func load(
        configPath: String? = nil,
        handlersPath: String? = nil,
        environment: [String: String],
        overrides: [ConfigurationOverride] = [],
        defaultInstance: String,
        comparesHandlers: Bool = false
    ) -> LoadResult {
        let problems = ProblemList()
        var files = YAMLFiles(environment: environment, problems: problems)
        var builder = ConfigurationBuilder(instance: defaultInstance, environment: environment, problems: problems)
        var configuration = Self.readSettings(configPath, overrides, &files, into: &builder)
        let isConfigurationGood = !problems.hasErrors

        let reader = HandlerSetReader(
            sources: configuration.sources,
            problems: problems,
            comparesHandlers: comparesHandlers
        )
        let handlers = reader.read(handlersPath, &files)
        configuration.version = Self.version(configuration, handlers)

        return LoadResult(
            configuration: isConfigurationGood ? configuration : nil,
            handlers: handlers.flatMap(\.definitions),
            diagnostics: Diagnostic.sorted(problems.diagnostics),
            filesRead: files.read
        )
    }

    /// Reads the configuration without the handlers, for those who only want to know where something is.
    ///
    /// - Parameters:
    ///   - configPath: A file that must exist; nil for the default one.
    ///   - environment: The variables of the process; nothing else is asked for them.
    ///   - defaultInstance: The reactor's name if nobody gives it one.
    /// - Returns: No handlers, and a configuration whose version does not count them.
    package static func loadSettings(
        configPath: String? = nil,
        environment: [String: String],
        defaultInstance: String
    ) -> LoadResult {
        let problems = ProblemList()
        var files = YAMLFiles(environment: environment, problems: problems)
        var builder = ConfigurationBuilder(instance: defaultInstance, environment: environment, problems: problems)
        var configuration = Self.readSettings(configPath, [], &files, into: &builder)
        configuration.version = Self.version(configuration, [])
        return LoadResult(
            configuration: problems.hasErrors ? nil : configuration,
            handlers: [],
            diagnostics: Diagnostic.sorted(problems.diagnostics),
            filesRead: files.read
        )
    }

    static func readSettings(
        _ path: String?,
        _ overrides: [ConfigurationOverride],
        _ files: inout YAMLFiles,
        into builder: inout ConfigurationBuilder
    ) -> ReactorConfiguration {
        let file = Self.readConfiguration(path, &files, into: &builder)
        builder.readEnvironment()
        builder.apply(overrides)
        return builder.finish(file: file)
    }

    private static func readConfiguration(
        _ path: String?,
        _ files: inout YAMLFiles,
        into builder: inout ConfigurationBuilder
    ) -> ReadingContext? {
        let name = path ?? Self.defaultConfigPath
        guard let file = files.load(name, mayBeMissing: path == nil) else { return nil }
        if file.documents.count > 1, let second = file.documents.dropFirst().first {
            let message = "one document is meant here, found \(file.documents.count)"
            file.context.report(.severalDocuments, at: second.position, message)
        } else if let root = file.documents.first {
            ConfigurationFileReader(context: file.context).read(root, into: &builder)
        }
        return file.context
    }

    private static func version(_ configuration: ReactorConfiguration, _ handlers: [LoadedHandler]) -> String {
        var hash = StableHash()
        for setting in configuration.settings where setting.path != "instance" {
            hash.combine(setting.path)
            hash.combine(setting.value)
        }
        if !configuration.digest.isEmpty { hash.combine(configuration.digest) }
        for handler in handlers { hash.combine(handler.digest) }
        return String(hash.hexDigits.prefix(12))
    }
}
