import ArgumentParser
import ReactorConfig

struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find every problem of the configuration and the handlers.",
        discussion: """
            Also looks at what is allowed but probably not meant: patterns that can never match, duplicates, misspelt event
            types, handlers that publish for each other in a circle.

            Exit codes: 0 no errors (warnings and notes do not count), 1 errors, 78 a file cannot be read.

            Example: aos-reactor check --config config/reactor.yaml --handlers handlers
            """
    )

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text
        case json
    }

    @OptionGroup var files: ConfigurationOptions

    @Option(help: "text or json.")
    var format: Format = .text

    func run() throws {
        let begin = ContinuousClock.now
        let result = self.files.load(comparesHandlers: true)
        let elapsed = ContinuousClock.now - begin
        switch self.format {
        case .json:
            Terminal.standardOutput.print(
                DiagnosticJSON.render(result.diagnostics, files: result.filesRead.count, elapsed: elapsed)
            )
        case .text:
            let renderer = DiagnosticRenderer(colour: Terminal.standardOutput.wantsColour)
            if !result.diagnostics.isEmpty { Terminal.standardOutput.write(renderer.render(result.diagnostics)) }
            Terminal.standardOutput.print(
                renderer.summary(result.diagnostics, files: result.filesRead.count, elapsed: elapsed)
            )
        }
        if result.checkExitCode != 0 { throw ExitCode(result.checkExitCode) }
    }
}
