import ArgumentParser
import Events
import ReactorConfig
import ReactorRuntime

struct Routes: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what each event type reaches, and which handlers publish new events.",
        discussion: """
            Handlers stand in the order in which they are called. A wildcard stands for the types that have no line of their
            own.

            Example: aos-reactor routes --handlers handlers
            Example: aos-reactor routes --format dot | dot -Tsvg > routes.svg
            """
    )

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text
        case dot
        case mermaid
        case json
    }

    @Option(help: "text, dot, mermaid or json.")
    var format: Format = .text

    @OptionGroup var files: ConfigurationOptions

    func run() throws {
        let (configuration, result) = try self.files.loadOrExit()
        let map = RouteMap(
            result.handlers,
            sources: configuration.sources,
            publishChannel: configuration.publishChannel,
            namedOnly: [InternalEvent.heartbeatType.string]
        )
        let text =
            switch self.format {
            case .text: map.text
            case .dot: map.dot
            case .mermaid: map.mermaid
            case .json: map.json.compactText + "\n"
            }
        Terminal.standardOutput.write(text)
    }
}
