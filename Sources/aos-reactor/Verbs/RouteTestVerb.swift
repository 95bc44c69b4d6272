import ArgumentParser
import EventPatterns
import Events
import Reactions
import ReactorConfig

struct RouteTestVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Say which receivers an alert goes to, and why, at a time.",
        discussion: """
            Reads the configuration and needs no running reactor. Labels: alertname, severity, domain, tenant_id, run_id,
            handler, key, event_type; what is left out is missing. Whether such an alert would be sent at all (dedup window,
            cooldowns, silences) is not asked.

            Exit codes: 0 somebody is told, 1 nobody is, 64 a label cannot be read, 78 the configuration is refused.

            Example: aos-reactor routes test severity=HIGH tenant_id=acme
            Example: aos-reactor routes test alertname=STALE_RUN severity=LOW --at 2026-11-22T03:00:00+01:00 --json
            """
    )

    @Argument(help: ArgumentHelp("Labels of the alert.", valueName: "label=value"))
    var labels: [String] = []

    @Option(help: "When: a time such as 2026-11-22T03:00:00+01:00, how far away it is (8h), or now.")
    var at: Moment?

    @Flag(help: "Answer in JSON.")
    var json = false

    @OptionGroup var settings: SettingsOptions

    func run() throws {
        let labels = AlertLabels(try self.readLabels())
        let time = (self.at ?? Moment(argument: "now"))?.future ?? Timestamp(microseconds: 0)
        let test = RouteTest(try self.settings.loadOrExit().alerts, labels, at: time)
        Terminal.standardOutput.write(self.json ? test.json.compactText + "\n" : test.text)
        if !test.isTold { throw ExitCode.findings }
    }

    private func readLabels() throws -> [String: String] {
        var labels: [String: String] = [:]
        for text in self.labels {
            guard let equals = text.firstIndex(of: "=") else { throw Self.refuse("`\(text)` is no label=value") }
            let name = String(text[..<equals])
            let value = String(text[text.index(after: equals)...])
            let known = AlertLabels.Name.allCases.map(\.rawValue)
            guard known.contains(name) else {
                let nearest = NearestName.find(name, among: known).map { "did you mean `\($0)`?" }
                throw Self.refuse(
                    "no alert has a label `\(name)`; \(nearest ?? "there are " + known.joined(separator: ", "))"
                )
            }
            guard labels[name] == nil else { throw Self.refuse("`\(name)` is there twice") }
            if name == AlertLabels.Name.severity.rawValue, Severity(rawValue: value) == nil {
                let words = Severity.allCases.map(\.rawValue).joined(separator: ", ")
                throw Self.refuse("no alert has the severity `\(value)`; there are \(words)")
            }
            labels[name] = value
        }
        return labels
    }

    private static func refuse(_ message: String) -> ExitCode {
        Terminal.standardError.print("error: \(message)")
        return .usage
    }
}
