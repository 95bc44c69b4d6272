import ArgumentParser
import EventPatterns
import ReactorConfig
import ReactorRuntime

struct Handlers: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the handlers in the order in which they are called.",
        discussion: "Example: aos-reactor handlers --handlers handlers"
    )

    @OptionGroup var files: ConfigurationOptions

    func run() throws {
        let (_, result) = try self.files.loadOrExit()
        let entries = result.handlers.map { HandlerEntry($0) }
        var table = Table(["ORDER", "HANDLER", "PRIORITY", "ON", "MATCH", "DOES", "FILE"])
        for place in HandlerPlace.all(entries) {
            let entry = entries[place.entry]
            table.add([
                place.order == 0 ? "off" : String(place.order), entry.name, String(entry.priority),
                entry.on.map(\.description).joined(separator: ", "), entry.match == nil ? "-" : "yes", entry.does,
                entry.location ?? "-",
            ])
        }
        Terminal.standardOutput.print(table.text)
    }
}
