import AdminAPI
import ArgumentParser
import ReactorRuntime

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask a running reactor how it is.",
        discussion: """
            Exit codes: 0 ready, 1 running but not ready, 69 no reactor answers.

            Example: aos-reactor status --url http://127.0.0.1:9464
            Example: aos-reactor status --json
            """
    )

    @Flag(help: "One object of JSON: ready, status (as /v1/status) and components (as /readyz).")
    var json = false

    @OptionGroup var admin: AdminOptions

    func run() async throws {
        let status = try await self.admin.get(.status, as: StatusResponse.self)
        let readiness = try await self.admin.get(.ready, as: ReadinessResponse.self)
        if self.json {
            try Self.showJSON(status, readiness)
        } else {
            Self.showTable(status, readiness)
        }
        if !readiness.isReady { throw ExitCode.findings }
    }

    private static func showJSON(_ status: StatusResponse, _ readiness: ReadinessResponse) throws {
        let report = Report(ready: readiness.isReady, status: status, components: readiness.components)
        Terminal.standardOutput.write(Array(try AdminJSON.encode(report)) + [UInt8(ascii: "\n")])
    }

    /// What `--json` prints.
    private struct Report: Encodable {
        let ready: Bool
        let status: StatusResponse
        let components: [ReadinessResponse.Component]
    }

    private static func showTable(_ status: StatusResponse, _ readiness: ReadinessResponse) {
        var table = Table(["", ""])
        table.add(["state", status.state + (readiness.isReady ? ", ready" : ", not ready")])
        table.add(["instance", status.instance])
        table.add(["version", "\(status.version), configuration \(status.configVersion)"])
        table.add(["uptime", "\(Int(status.uptimeSeconds)) s"])
        let events = status.events
        table.add([
            "events",
            "\(events.received) received = \(events.matched) matched + \(events.unmatched) unmatched + "
                + "\(events.quarantined) quarantined + \(events.dropped) dropped",
        ])
        let calls = status.handlers
        table.add([
            "handler calls",
            "\(calls.calls) = \(calls.succeeded) succeeded + \(calls.failed) failed + \(calls.timedOut) timed out + "
                + "\(calls.inFlight) in flight; \(calls.registered) handlers",
        ])
        table.add(["subscription", "\(status.subscription.reconnects) reconnects, \(status.subscription.gaps) gaps"])
        table.add(["heartbeats", "\(status.heartbeats.sent) sent, \(status.heartbeats.missed) missed"])
        table.add(["peers", status.peers.isEmpty ? "none" : status.peers.joined(separator: ", ")])
        for component in readiness.components {
            table.add([component.name, "\(component.status.rawValue): \(component.message)"])
        }
        Terminal.standardOutput.print(String(table.text.drop { $0 != "\n" }.dropFirst()))
    }
}
