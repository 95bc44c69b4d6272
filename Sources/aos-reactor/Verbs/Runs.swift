import AdminAPI
import ArgumentParser
import Reactions

struct Runs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List runs and how they stand, or tell what happened to one.",
        discussion: """
            Asks a running reactor for what its history knows. Without RUN: a table of runs, the newest first; on a terminal
            it is drawn anew until Ctrl-C, unless --once is given. With RUN: everything that happened to that run, in the
            order of time: events, expectations, acknowledgements, findings, alerts and what was decided about them.
            (`aos-reactor run` starts the reactor; `aos-reactor explain RUN` tells of a run's alerts in full.)

            Exit codes: 0 there are some, 1 there are none, 64 wrong flags, 69 no reactor answers, or it keeps no history.

            Example: aos-reactor runs --open --tenant acme
            Example: aos-reactor runs --status STALE --since 24h --once
            Example: aos-reactor runs run-7
            """
    )

    @Argument(help: ArgumentHelp("One run, to be told of in full.", valueName: "run"))
    var subject: String?

    @Flag(help: "Only runs that have not ended.")
    var open = false

    @Option(
        help: ArgumentHelp(
            "With this status only.",
            valueName: ContractStatus.allCases.map(\.rawValue).joined(separator: "|")
        )
    )
    var status: ContractStatus?

    @Option(help: "Of this tenant only.")
    var tenant: String?

    @Option(help: "Started since: 15m, 2h, or a time such as 2026-11-21T18:00:00Z.")
    var since: Moment?

    @Option(help: "At most so many: 1 to 1000 runs, 1 to 10000 entries of one run.")
    var limit: Int?

    @Option(help: ArgumentHelp("The next page: what an answer gave as `next`.", valueName: "cursor"))
    var after: String?

    @Flag(help: "Draw the table once, also on a terminal.")
    var once = false

    @Flag(help: "The answer of the admin interface, in JSON.")
    var json = false

    @OptionGroup var admin: AdminOptions

    func validate() throws {
        guard self.subject != nil else { return }
        if self.open || self.status != nil || self.tenant != nil || self.since != nil || self.after != nil {
            throw ValidationError(
                "One run is not chosen from: --open, --status, --tenant, --since and --after are for lists."
            )
        }
    }

    func run() async throws {
        if let subject { return try await self.tell(subject) }
        guard Terminal.standardOutput.isTerminal, !self.once, !self.json, self.after == nil else {
            if try await !self.list() { throw ExitCode.findings }
            return
        }
        while true {
            // The cursor home, what is below it cleared: the table stands still.
            Terminal.standardOutput.write("\u{1B}[H\u{1B}[2J")
            _ = try await self.list()
            Terminal.standardOutput.print("\nevery 2 s; Ctrl-C ends")
            try await Task.sleep(for: .seconds(2))
        }
    }

    // MARK: List

    /// - Returns: Whether there are any.
    private func list() async throws -> Bool {
        let answer = try await self.admin.ask(
            AdminRoute.runs.path,
            query: [
                ("tenant", self.tenant), ("status", self.status?.rawValue), ("open", self.open ? "true" : nil),
                ("since", self.since?.past.text), ("after", self.after), ("limit", "\(self.limit ?? 50)"),
            ],
            as: RunsResponse.self
        )
        if self.json {
            Terminal.standardOutput.write(answer.bytes + [UInt8(ascii: "\n")])
        } else if answer.value.runs.isEmpty {
            Terminal.standardError.print("no runs")
        } else {
            Terminal.standardOutput.print(Self.table(answer.value.runs))
            if let next = answer.value.next { Terminal.standardError.print("there are more: --after \(next)") }
        }
        return !answer.value.runs.isEmpty
    }

    private static func table(_ runs: [RunsResponse.Run]) -> String {
        var table = Table(["STARTED", "STATUS", "TENANT", "AGENT", "DEADLINE", "ENDED", "OUTCOME", "RUN"])
        for run in runs {
            table.add([
                ShownTime.short(run.startedAt), run.status, run.tenant.oneLine(24), (run.agent ?? "-").oneLine(24),
                run.endedAt == nil ? run.deadlineAt.map(ShownTime.clock) ?? "-" : "-",
                run.endedAt.map(ShownTime.short) ?? "open", run.outcome ?? "-", run.runID.oneLine(64),
            ])
        }
        return table.text
    }

    // MARK: One run

    private func tell(_ subject: String) async throws {
        let query = self.limit.map { "?limit=\($0)" } ?? ""
        let path = AdminRoute.run.path(subject) + query
        guard let answer = try await self.admin.find(path, as: RunResponse.self) else {
            Terminal.standardError.print("nothing is known of a run `\(subject.oneLine(128))`")
            throw ExitCode.findings
        }
        if self.json {
            Terminal.standardOutput.write(answer.bytes + [UInt8(ascii: "\n")])
        } else {
            Terminal.standardOutput.print(RunText(answer.value).timeline)
            if answer.value.cut { Terminal.standardError.print("there are more entries: --limit 10000") }
        }
    }
}

extension ContractStatus: ExpressibleByArgument {}
