import AdminAPI
import ArgumentParser
import Reactions

struct Alerts: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List alerts with what was decided about them, the newest first.",
        discussion: """
            Asks a running reactor. Those that were held back are in the list too, with the reason.

            Exit codes: 0 there are some, 1 there are none, 64 wrong flags, 69 no reactor answers.

            Example: aos-reactor alerts --since 1h --severity HIGH
            Example: aos-reactor alerts --run r1 --json
            """
    )

    @Option(help: "Of this run only.")
    var run: String?

    @Option(help: "Of this tenant only.")
    var tenant: String?

    @Option(
        help: ArgumentHelp(
            "With this verdict only.",
            valueName: Verdict.allCases.map(\.rawValue).joined(separator: "|")
        )
    )
    var verdict: Verdict?

    @Option(help: ArgumentHelp("LOW, MEDIUM, HIGH or CRITICAL only.", valueName: "severity"))
    var severity: Severity?

    @Option(help: "Decided since: 15m, 2h, or a time such as 2026-11-21T18:00:00Z.")
    var since: Moment?

    @Option(help: "At most so many, 1 to 1000.")
    var limit = 50

    @Option(help: ArgumentHelp("The next page: what an answer gave as `next`.", valueName: "cursor"))
    var before: String?

    @Flag(help: "The answer of the admin interface, in JSON.")
    var json = false

    @OptionGroup var admin: AdminOptions

    func run() async throws {
        let answer = try await self.admin.ask(
            AdminRoute.alerts.path,
            query: [
                ("run_id", self.run), ("tenant", self.tenant), ("verdict", self.verdict?.rawValue),
                ("severity", self.severity?.rawValue), ("since", self.since?.past.text), ("before", self.before),
                ("limit", "\(self.limit)"),
            ],
            as: AlertsResponse.self
        )
        if self.json {
            Terminal.standardOutput.write(answer.bytes + [UInt8(ascii: "\n")])
        } else if !answer.value.alerts.isEmpty {
            Self.show(answer.value)
        } else {
            Terminal.standardError.print("no alerts")
        }
        if answer.value.alerts.isEmpty { throw ExitCode.findings }
    }

    private static func show(_ answer: AlertsResponse) {
        var table = Table(["DECIDED", "SEVERITY", "TYPE", "TENANT", "RUN", "VERDICT", "SUMMARY", "ID"])
        for alert in answer.alerts {
            table.add([
                ShownTime.short(alert.receipt.decidedAt), alert.severity.rawValue, alert.type.oneLine(32),
                alert.tenant.oneLine(24), alert.runID.oneLine(32), alert.outcome,
                alert.summary.oneLine(60), alert.id.oneLine(64),
            ])
        }
        Terminal.standardOutput.print(table.text)
        if answer.source == .memory {
            Terminal.standardError.print(
                "the state store cannot be asked: these are the last alerts of this one reactor"
            )
        }
        if let next = answer.next { Terminal.standardError.print("there are more: --before \(next)") }
    }
}

extension AlertsResponse.Alert {
    /// The verdict, and whether it is about the end.
    var outcome: String {
        self.status == .firing
            ? self.receipt.verdict.rawValue : "\(self.receipt.verdict.rawValue), \(self.status.rawValue)"
    }
}

extension Verdict: ExpressibleByArgument {}
extension Severity: ExpressibleByArgument {}

extension String {
    /// On one line, without control characters, and not longer than so many characters.
    func oneLine(_ most: Int) -> String {
        let plain = self.unicodeScalars.map { scalar in
            scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) ? " " : Character(scalar)
        }
        return plain.count <= most ? String(plain) : String(plain.prefix(most - 1)) + "…"
    }
}
