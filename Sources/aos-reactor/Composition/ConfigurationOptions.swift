import ArgumentParser
import Glibc
import ReactorConfig

/// The flags of all verbs that read the configuration, and the reading itself.
struct ConfigurationOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "Configuration file (default: config/reactor.yaml, if there is one).")
    var config: String?

    @Option(help: "Folder of handlers, or one file (default: handlers, if there is one).")
    var handlers: String?

    /// Reads everything; what is wrong is in the result.
    /// - Parameter comparesHandlers: Whether to look for handlers that accept the same events.
    func load(overrides: [ConfigurationOverride] = [], comparesHandlers: Bool = false) -> LoadResult {
        ConfigurationLoader.load(
            configPath: self.config,
            handlersPath: self.handlers,
            environment: ProcessEnvironment.variables,
            overrides: overrides,
            defaultInstance: DefaultInstance.name,
            comparesHandlers: comparesHandlers
        )
    }

    /// Reads everything, and ends the program with 78 when something is wrong.
    func loadOrExit(overrides: [ConfigurationOverride] = []) throws -> (ReactorConfiguration, LoadResult) {
        let result = self.load(overrides: overrides)
        if !result.diagnostics.isEmpty {
            let renderer = DiagnosticRenderer(colour: Terminal.standardError.wantsColour)
            Terminal.standardError.write(renderer.render(result.diagnostics))
        }
        guard result.isUsable, let configuration = result.configuration else {
            Terminal.standardError.print("the configuration is refused; `aos-reactor check` shows all problems")
            throw ExitCode.badConfiguration
        }
        return (configuration, result)
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
