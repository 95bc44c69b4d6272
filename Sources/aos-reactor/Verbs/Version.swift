import ArgumentParser

struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the version.",
        discussion: "Example: aos-reactor version"
    )

    func run() {
        print("aos-reactor \(BuildInfo.version)")
    }
}
