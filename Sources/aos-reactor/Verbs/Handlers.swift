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
        // The types come last: there may be many, and what stands last widens no other row.
        var table = Table(["ORDER", "HANDLER", "PRIORITY", "MATCH", "DOES", "FILE", "ON"])
        for place in HandlerPlace.all(entries) {
            let entry = entries[place.entry]
            table.add([
                place.order == 0 ? "off" : String(place.order), entry.name, String(entry.priority),
                entry.match == nil ? "-" : "yes", entry.does, entry.location ?? "-",
                entry.on.map(\.description).joined(separator: ", "),
            ])
        }
        Terminal.standardOutput.print(table.text)
    }
}
