import AdminAPI
import ArgumentParser
import Reactions
import ReactorConfig

struct SilenceVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "silence",
        abstract: "Hold alerts back for a while: make, list and end silences, or see what one would hide.",
        discussion: """
            Asks a running reactor; all reactors of its namespace keep to what is changed, and each change is in the log of
            changes (GET /v1/audit).

            Conditions: LABEL=VALUE, LABEL!=VALUE, LABEL=~EXPRESSION, LABEL!~EXPRESSION; all must hold. Labels: alertname,
            severity, domain, tenant_id, run_id, handler, key, event_type.

            Exit codes: 0 done, 1 there is none, 64 wrong flags, 69 no reactor answers.

            Example: aos-reactor silence add run_id=r1 'severity!=CRITICAL' --for 2h --reason "known, ada is on it"
            Example: aos-reactor silence list
            """,
        subcommands: [Add.self, List.self, Expire.self, Preview.self]
    )

    /// What all of them are shown as.
    fileprivate static func show(_ silences: [SilencesResponse.Silence]) {
        var table = Table(["ID", "STATE", "UNTIL", "BY", "CONDITIONS", "REASON"])
        for silence in silences {
            let conditions =
                silence.matchers.joined(separator: " ") + (silence.expiresOnResolve ? " (acknowledged)" : "")
            table.add([
                silence.id, silence.state, ShownTime.short(silence.endsAt), silence.createdBy.oneLine(32),
                conditions.oneLine(100), silence.reason.oneLine(80),
            ])
        }
        Terminal.standardOutput.print(table.text)
    }
}

extension SilenceVerb {
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a silence.",
            discussion: """
                Prints its id.

                Example: aos-reactor silence add run_id=r1 --for 2h --reason "known"
                Example: aos-reactor silence add alertname=STALE_RUN tenant_id=acme --until 2026-11-22T08:00:00Z --ack \
                --reason "ada looks at it"
                """
        )

        @Argument(help: ArgumentHelp("Conditions that must all hold.", valueName: "condition"))
        var conditions: [String]

        @Option(name: .customLong("for"), help: "How long: 30m, 2h, 1d.")
        var duration: String?

        @Option(help: "Its end: a time such as 2026-11-22T08:00:00Z.")
        var until: Moment?

        @Option(help: "Its begin, when it is not now: a time, or how far away it is (15m).")
        var from: Moment?

        @Option(help: "Why, for those who wonder.")
        var reason: String

        @Option(help: "Who (default: USER@HOST).")
        var by: String?

        @Flag(help: "An acknowledgement: it ends when the alerts that fire now are resolved.")
        var ack = false

        @Flag(help: "The silence, in JSON.")
        var json = false

        @OptionGroup var admin: AdminOptions

        func validate() throws {
            if (self.duration == nil) == (self.until == nil) {
                throw ValidationError("Say how long it lasts: --for 2h, or --until TIME.")
            }
            if let duration, (DurationText.parse(duration) ?? .zero) < .seconds(1) {
                throw ValidationError("--for is `\(duration)`; it needs a duration of a second or more, such as 30m.")
            }
        }

        private struct Body: Encodable {
            var matchers: [String]
            var starts_at: String?
            var ends_at: String?
            var duration_seconds: Int64?
            var created_by: String
            var reason: String
            var expire_on_resolve: Bool
        }

        func run() async throws {
            let body = Body(
                matchers: self.conditions,
                starts_at: self.from?.future.text,
                ends_at: self.until?.future.text,
                duration_seconds: self.duration.flatMap { DurationText.parse($0) }?.components.seconds,
                created_by: self.by ?? Person.name,
                reason: self.reason,
                expire_on_resolve: self.ack
            )
            let answer = try await self.admin.ask(
                AdminRoute.silences.path,
                by: "POST",
                body: body,
                as: SilencesResponse.Silence.self
            )
            if self.json {
                Terminal.standardOutput.write(answer.bytes + [UInt8(ascii: "\n")])
            } else {
                Terminal.standardOutput.print(answer.value.id)
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List silences that are pending or active, the newest first.",
            discussion: "Example: aos-reactor silence list --all"
        )

        @Flag(help: "Also those that ended within the last five days.")
        var all = false

        @Flag(help: "The answer of the admin interface, in JSON.")
        var json = false

        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let answer = try await self.admin.ask(
                AdminRoute.silences.path,
                query: [("include_expired", self.all ? "true" : nil)],
                as: SilencesResponse.self
            )
            if self.json {
                Terminal.standardOutput.write(answer.bytes + [UInt8(ascii: "\n")])
            } else if answer.value.silences.isEmpty {
                Terminal.standardError.print("no silences")
            } else {
                SilenceVerb.show(answer.value.silences)
            }
            if answer.value.silences.isEmpty { throw ExitCode.findings }
        }
    }

    struct Expire: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End silences now.",
            discussion: "Example: aos-reactor silence expire sil_01HZY3"
        )

        @Argument(help: ArgumentHelp("Ids of silences.", valueName: "id"))
        var ids: [String]

        @OptionGroup var admin: AdminOptions

        func run() async throws {
            for id in self.ids {
                let answer = try await self.admin.ask(
                    AdminRoute.silence.path(id),
                    by: "DELETE",
                    as: SilencesResponse.Silence.self
                )
                Terminal.standardOutput.print("\(answer.value.id) \(answer.value.state)")
            }
        }
    }

    struct Preview: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show which of the last alerts a silence would have hidden.",
            discussion: """
                Exit codes: 0 some, 1 none, 64 a condition cannot be read, 69 no reactor answers.

                Example: aos-reactor silence preview tenant_id=acme 'run_id=~"nightly-.*"'
                """
        )

        @Argument(help: ArgumentHelp("Conditions that must all hold.", valueName: "condition"))
        var conditions: [String]

        @Flag(help: "The answer of the admin interface, in JSON.")
        var json = false

        @OptionGroup var admin: AdminOptions

        private struct Body: Encodable {
            var matchers: [String]
        }

        func run() async throws {
            let answer = try await self.admin.ask(
                AdminRoute.silencePreview.path,
                by: "POST",
                body: Body(matchers: self.conditions),
                as: SilencePreview.self
            )
            let preview = answer.value
            if self.json {
                Terminal.standardOutput.write(answer.bytes + [UInt8(ascii: "\n")])
            } else {
                Self.show(preview)
            }
            if preview.matching == 0 { throw ExitCode.findings }
        }

        private static func show(_ preview: SilencePreview) {
            let count = preview.examined == 1 ? "alert" : "\(preview.examined) alerts"
            Terminal.standardOutput.print("it would have hidden \(preview.matching) of the last \(count)")
            guard !preview.receipts.isEmpty else { return }
            var table = Table(["DECIDED", "SEVERITY", "TYPE", "TENANT", "RUN", "VERDICT", "SUMMARY"])
            for entry in preview.receipts {
                table.add([
                    ShownTime.short(entry.receipt.decidedAt), entry.severity.rawValue, entry.type.oneLine(32),
                    entry.tenant.oneLine(24), entry.runID.oneLine(32), entry.receipt.verdict.rawValue,
                    entry.summary.oneLine(60),
                ])
            }
            Terminal.standardOutput.print(table.text)
        }
    }
}
