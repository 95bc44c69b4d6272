import ArgumentParser
import FoundationEssentials
import Reactions
import ReactorConfig
import Scenarios

struct TestVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Run the scenarios beside the handlers: hours in milliseconds.",
        discussion: """
            A scenario says what happens when, and what the handlers are to do: alerts, verdicts, findings, published events,
            deliveries, or nothing. It runs in the engine of `run`, on a clock that does not wait, with state in memory and
            receivers that answer what the scenario says. Nothing is sent and nobody is asked.

            Exit codes: 0 all passed; 1 some failed, or there is none; 64 wrong flags; 73 the JUnit file cannot be written;
            78 a scenario, a handler or the configuration cannot be used.

            Example: aos-reactor test
            Example: aos-reactor test handlers/failed-runs_test.yaml --filter refused --coverage
            Example: aos-reactor test --junit report.xml
            """
    )

    @Argument(
        help: "Folders and *_test.yaml files (default: the folder of --handlers, else REACTOR_HANDLERS, else handlers)."
    )
    var paths: [String] = []

    @OptionGroup var settings: SettingsOptions

    @Option(help: "Folder of handlers, or one file (default: the folder of each scenario).")
    var handlers: String?

    @Option(help: ArgumentHelp("Only scenarios of which file or name has a match.", valueName: "regex"))
    var filter: String?

    @Option(help: ArgumentHelp("Write the results for build servers.", valueName: "file"))
    var junit: String?

    @Flag(help: "Say which handlers were never called, and which conditions were never true or never false.")
    var coverage = false

    func validate() throws {
        guard let filter else { return }
        do {
            _ = try Regex(filter)
        } catch {
            throw ValidationError("--filter is no regular expression: \(filter)")
        }
    }

    func run() async throws {
        let set = try self.load()
        let report = ScenarioReport(colour: Terminal.standardOutput.wantsColour)
        let recorder = self.coverage ? CoverageRecorder(set.handlers) : nil
        let runner = ScenarioRunner(coverage: recorder)
        let scenarios = try self.chosen(set.scenarios)
        var results: [ScenarioResult] = []
        for scenario in scenarios {
            let begin = ContinuousClock.now
            var result = await runner.run(scenario)
            result.elapsed = ContinuousClock.now - begin
            Terminal.standardOutput.write(report.text(result))
            results.append(result)
        }
        if let junit { try self.write(JUnitReport.xml(results), to: junit) }
        if let recorder { Terminal.standardOutput.write("\n" + report.text(recorder.coverage)) }
        if scenarios.isEmpty {
            let which = set.scenarios.isEmpty ? "no tests found" : "no tests found that --filter accepts"
            Terminal.standardError.print("error: \(which): scenarios are files that end in \(ScenarioLoader.suffix)")
        }
        Terminal.standardOutput.print((results.isEmpty ? "" : "\n") + report.summary(results))
        if scenarios.isEmpty || results.contains(where: { !$0.hasPassed }) { throw ExitCode.findings }
    }

    private func load() throws -> ScenarioSet {
        let besideHandlers = ScenarioLoader.folder(beside: self.handlers)
        let standard = (besideHandlers ?? ProcessEnvironment.text("REACTOR_HANDLERS")).map { [$0] } ?? []
        let set = ScenarioLoader.load(
            paths: self.paths.isEmpty ? standard : self.paths,
            configPath: self.settings.path,
            handlersPath: self.handlers,
            environment: ProcessEnvironment.variables
        )
        if !set.diagnostics.isEmpty {
            let renderer = DiagnosticRenderer(colour: Terminal.standardError.wantsColour)
            Terminal.standardError.write(renderer.render(set.diagnostics))
        }
        guard set.isUsable else {
            Terminal.standardError.print("no scenario was run: mend these first")
            throw ExitCode.badConfiguration
        }
        return set
    }

    private func chosen(_ scenarios: [Scenario]) throws -> [Scenario] {
        guard let filter else { return scenarios }
        let wanted = try Regex(filter)
        return scenarios.filter { "\($0.location.file): \($0.name)".contains(wanted) }
    }

    private func write(_ text: String, to path: String) throws {
        do {
            try Data(text.utf8).write(to: URL(filePath: path))
        } catch {
            Terminal.standardError.print("error: \(path) cannot be written")
            throw ExitCode.cannotCreate
        }
    }
}
