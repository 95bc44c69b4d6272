import FoundationEssentials
import ReactorConfig
import Scenarios
import Testing

/// A folder with handlers and scenarios, removed at the end of the test.
final class ScenarioBox {
    let path: String

    /// - Parameters:
    ///   - handlers: the text of `handlers/h.yaml`.
    ///   - scenarios: the text of `handlers/h_test.yaml`.
    init(_ handlers: String, _ scenarios: String, config: String = "version: 1\n") throws {
        self.path = FileManager.default.temporaryDirectory.path + "/scenarios-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: self.path + "/handlers", withIntermediateDirectories: true)
        try self.write("handlers/h.yaml", handlers)
        try self.write("handlers/h_test.yaml", scenarios)
        try self.write("reactor.yaml", config)
    }

    deinit { try? FileManager.default.removeItem(atPath: self.path) }

    func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(filePath: self.path + "/" + name))
    }

    func load(_ environment: [String: String] = [:]) -> ScenarioSet {
        ScenarioLoader.load(
            paths: [self.path + "/handlers"],
            configPath: self.path + "/reactor.yaml",
            environment: environment
        )
    }

    /// What is printed about the files, without the folder.
    var problems: String { self.shortened(DiagnosticRenderer().render(self.load().diagnostics)) }

    func shortened(_ text: String) -> String {
        text.split(separator: self.path + "/", omittingEmptySubsequences: false).joined()
    }

    /// How the scenarios end; nothing may be wrong with the files.
    func run(coverage: CoverageRecorder? = nil) async -> [ScenarioResult] {
        let set = self.load()
        #expect(self.shortened(DiagnosticRenderer().render(set.diagnostics)) == "")
        var results: [ScenarioResult] = []
        for scenario in set.scenarios { results.append(await ScenarioRunner(coverage: coverage).run(scenario)) }
        return results
    }

    /// The same as it is printed, without the time that it took.
    func report() async -> String {
        let report = ScenarioReport(colour: false)
        return self.shortened(await self.run().map { report.text($0) }.joined())
    }
}

/// Runs scenarios of which all are to pass.
func expectPasses(
    _ handlers: String,
    _ scenarios: String,
    config: String = "version: 1\n",
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let box = try ScenarioBox(handlers, scenarios, config: config)
    let results = await box.run()
    let isEmpty = results.isEmpty
    #expect(!isEmpty, sourceLocation: sourceLocation)
    let report = ScenarioReport(colour: false)
    for result in results where !result.hasPassed {
        Issue.record("\(box.shortened(report.text(result)))", sourceLocation: sourceLocation)
    }
}

enum SampleHandlers {
    /// Raises an alert about `run.failed` and ends it with `run.completed`.
    static let failures = """
        handler: failures
        on: run.failed
        resolve_on: run.completed
        do:
          - alert: { severity: HIGH, domain: runs, key: "failed:{{payload.run_id}}", summary: "Run {{payload.run_id}} failed" }
        """

    /// The same without an end: each alert is told once.
    static let onceOnly = """
        handler: failures
        on: run.failed
        do:
          - alert: { severity: HIGH, domain: runs, key: "failed:{{payload.run_id}}", summary: "Run {{payload.run_id}} failed" }
        """

    /// Publishes a request, which the second one answers with an alert.
    static let chain = """
        handler: first
        on: cost.recorded
        match: { payload: { cost_usd: [{ numeric: [">", 25] }] } }
        not: { payload: { tenant_id: [free, trial] } }
        do: [{ publish: { event_type: run.pause_requested, payload: { run_id: "{{payload.run_id}}" } } }]
        ---
        handler: second
        on: run.pause_requested
        do: [{ alert: { severity: LOW, domain: runs, key: "p:{{payload.run_id}}", summary: "Pause {{payload.run_id}}" } }]
        """
}
