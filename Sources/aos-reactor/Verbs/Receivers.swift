import AdminAPI
import ArgumentParser
import Reactions
import ReactorConfig

struct Receivers: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List who can be told of alerts, or try one.",
        discussion: """
            Exit codes: 0 fine, 1 a test did not arrive, 64 wrong flags, 69 no reactor answers, 78 configuration refused.

            Example: aos-reactor receivers
            Example: aos-reactor receivers test ops
            """,
        subcommands: [List.self, Test.self],
        defaultSubcommand: List.self
    )

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the receivers of the configuration; needs no running reactor.",
            discussion: "Example: aos-reactor receivers list --config config/reactor.yaml"
        )

        @OptionGroup var settings: SettingsOptions

        func run() throws {
            let alerts = try self.settings.loadOrExit().alerts
            var table = Table(["NAME", "KIND", "TARGET", ""])
            for receiver in alerts.receivers {
                let notes = [
                    receiver.allowPrivate ? "allow_private" : nil, receiver.sendsResolved ? nil : "no resolved notices",
                ]
                table.add([
                    receiver.name, receiver.kind.rawValue, receiver.shownTarget.oneLine(100),
                    notes.compactMap(\.self).joined(separator: ", "),
                ])
            }
            Terminal.standardOutput.print(table.text)
        }
    }

    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send a [TEST] alert to receivers, and say what came of it.",
            discussion: """
                The running reactor sends it, from where it stands and with its secrets; it is decided by nobody, counts
                for nothing and is kept nowhere. Without a name it goes to those that the routes give such an alert.

                Exit codes: 0 all were told, 1 one was not, 64 wrong flags, 69 no reactor answers.

                Example: aos-reactor receivers test ops
                Example: aos-reactor receivers test --severity HIGH --tenant acme
                """
        )

        @Argument(help: "Name of a receiver; without one, those that the routes give the alert.")
        var name: String?

        @Option(help: ArgumentHelp("LOW, MEDIUM, HIGH or CRITICAL.", valueName: "severity"))
        var severity: Severity?

        @Option(help: "Tenant of the alert.")
        var tenant: String?

        @Option(help: "Domain of the alert.")
        var domain: String?

        @Option(help: "Type of the alert.")
        var type: String?

        @Option(help: "Run of the alert.")
        var run: String?

        @Flag(help: "The answer of the admin interface, in JSON.")
        var json = false

        @OptionGroup var admin: AdminOptions

        private struct Body: Encodable {
            var receiver: String?
            var severity: String?
            var tenant_id: String?
            var domain: String?
            var type: String?
            var run_id: String?
        }

        func run() async throws {
            let body = Body(
                receiver: self.name,
                severity: self.severity?.rawValue,
                tenant_id: self.tenant,
                domain: self.domain,
                type: self.type,
                run_id: self.run
            )
            let answer = try await self.admin.ask(
                AdminRoute.alertTest.path,
                by: "POST",
                body: body,
                as: AlertTestResponse.self
            )
            let results = answer.value.results
            if self.json {
                Terminal.standardOutput.write(answer.bytes + [UInt8(ascii: "\n")])
            } else if results.isEmpty {
                Terminal.standardOutput.print("nobody: no route that takes such an alert names a receiver")
            } else {
                for result in results {
                    let reason = result.reason.map { ": \($0.oneLine(200))" } ?? ""
                    let time = Int((result.seconds * 1_000).rounded())
                    Terminal.standardOutput.print(
                        "\(result.receiver) (\(result.kind ?? "unknown")): \(result.outcome)\(reason) (\(time) ms)"
                    )
                }
            }
            if results.isEmpty || results.contains(where: { $0.outcome != "delivered" }) { throw ExitCode.findings }
        }
    }
}
