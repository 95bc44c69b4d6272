import ArgumentParser
import Events
import ReactorConfig
import ReactorRuntime

struct Routes: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what each event type reaches; or try which receivers an alert goes to.",
        discussion: """
            Without a word behind it, or with `map`: event types, handlers, and what they publish. With `test`: an alert's
            way through the routes of the configuration.

            Example: aos-reactor routes --handlers handlers
            Example: aos-reactor routes test severity=HIGH tenant_id=acme --at 2026-11-22T03:00:00+01:00
            """,
        subcommands: [RouteMapVerb.self, RouteTestVerb.self],
        defaultSubcommand: RouteMapVerb.self
    )
}

struct RouteMapVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "map",
        abstract: "Show what each event type reaches, and which handlers publish new events.",
        discussion: """
            Handlers stand in the order in which they are called. A wildcard stands for the types that have no line of their
            own.

            Example: aos-reactor routes map --handlers handlers
            Example: aos-reactor routes map --format dot | dot -Tsvg > routes.svg
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
