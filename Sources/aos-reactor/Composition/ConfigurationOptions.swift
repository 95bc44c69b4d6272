import ArgumentParser
import Glibc
import ReactorConfig

/// The flag of all verbs that need the configuration, and nothing of the handlers.
struct SettingsOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: "Configuration file (default: REACTOR_CONFIG, else config/reactor.yaml, if there is one)."
    )
    var config: String?

    /// The file that is asked for; nil for the default one.
    var path: String? { self.config ?? ProcessEnvironment.text("REACTOR_CONFIG") }

    /// Reads the configuration, and ends the program with 78 when something is wrong with it. What is wrong with the
    /// handlers is not looked at: nobody should need them to ask how a reactor is.
    func loadOrExit() throws -> ReactorConfiguration {
        let result = ConfigurationLoader.loadSettings(
            configPath: self.path,
            environment: ProcessEnvironment.variables,
            defaultInstance: DefaultInstance.name
        )
        return try result.configurationOrExit()
    }
}

/// The flags of the verbs that need configuration and handlers, and the reading of both.
struct ConfigurationOptions: ParsableArguments {
    @OptionGroup var settings: SettingsOptions

    @Option(help: "Folder of handlers, or one file (default: REACTOR_HANDLERS, else handlers, if there is one).")
    var handlers: String?

    /// Reads everything; what is wrong is in the result.
    /// - Parameter comparesHandlers: Whether to look for handlers that accept the same events.
    func load(overrides: [ConfigurationOverride] = [], comparesHandlers: Bool = false) -> LoadResult {
        ConfigurationLoader.load(
            configPath: self.settings.path,
            handlersPath: self.handlers ?? ProcessEnvironment.text("REACTOR_HANDLERS"),
            environment: ProcessEnvironment.variables,
            overrides: overrides,
            defaultInstance: DefaultInstance.name,
            comparesHandlers: comparesHandlers
        )
    }

    /// Reads everything, and ends the program with 78 when something is wrong.
    ///
    /// - Parameter showsWarnings: whether to show what is found in a configuration that can be used.
    func loadOrExit(
        overrides: [ConfigurationOverride] = [],
        showsWarnings: Bool = true
    ) throws -> (ReactorConfiguration, LoadResult) {
        let result = self.load(overrides: overrides)
        return (try result.configurationOrExit(showsWarnings: showsWarnings), result)
    }
}

extension LoadResult {
    /// Shows what was found; ends the program with 78 when the whole cannot be used.
    fileprivate func configurationOrExit(showsWarnings: Bool = true) throws -> ReactorConfiguration {
        if !self.diagnostics.isEmpty, showsWarnings || !self.isUsable {
            let renderer = DiagnosticRenderer(colour: Terminal.standardError.wantsColour)
            Terminal.standardError.write(renderer.render(self.diagnostics))
        }
        guard self.isUsable, let configuration = self.configuration else {
            Terminal.standardError.print("the configuration is refused; `aos-reactor check` shows all problems")
            throw ExitCode.badConfiguration
        }
        return configuration
    }
}

/// The name of a reactor that was given none: the host's name and eight random digits, the same for the whole process.
enum DefaultInstance {
    static let name: String = {
        var buffer = [CChar](repeating: 0, count: 256)
        gethostname(&buffer, buffer.count - 1)
        let host = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let digits = String(UInt32.random(in: 0 ... .max), radix: 16)
        return "\(host.isEmpty ? "reactor" : host)-\(String(repeating: "0", count: 8 - digits.count))\(digits)"
    }()
}
