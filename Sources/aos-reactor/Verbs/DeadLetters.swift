import AdminAPI
import ArgumentParser
import Events

struct DeadLetters: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dlq",
        abstract: "Look after messages that were given up: list, show, send again, drop.",
        discussion: """
            Asks a running reactor. A message that is sent again keeps its id, so that a receiver that has it already knows
            it.

            Exit codes: 0 done, 1 there is none, 64 wrong flags, 69 no reactor answers.

            Example: aos-reactor dlq list --receiver ops
            Example: aos-reactor dlq retry dlv_5f0c
            """,
        subcommands: [List.self, Show.self, Retry.self, Drop.self]
    )
}

extension DeadLetters {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List dead letters, the newest first.",
            discussion: "Example: aos-reactor dlq list --receiver ops --json"
        )

        @Option(help: "To this receiver only.")
        var receiver: String?

        @Option(help: "At most so many, 1 to 1000.")
        var limit = 100

        @Flag(help: "The answer of the admin interface, in JSON.")
        var json = false

        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let answer = try await self.admin.ask(
                AdminRoute.deadLetters.path,
                query: [("receiver", self.receiver), ("limit", "\(self.limit)")],
                as: DeliveriesResponse.self
            )
            let letters = answer.value.deliveries
            if self.json {
                Terminal.standardOutput.write(answer.bytes + [UInt8(ascii: "\n")])
            } else if letters.isEmpty {
                Terminal.standardError.print("no dead letters")
            } else {
                var table = Table(["GIVEN UP", "RECEIVER", "TENANT", "ATTEMPTS", "ID", "TITLE", "REASON"])
                for letter in letters {
                    table.add([
                        ShownTime.short(letter.updatedAt), letter.receiver, letter.tenant.oneLine(24),
                        "\(letter.attempts)", letter.id, letter.title.oneLine(60),
                        (letter.lastReason ?? "").oneLine(100),
                    ])
                }
                Terminal.standardOutput.print(table.text)
            }
            if letters.isEmpty { throw ExitCode.findings }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a dead letter whole, in JSON.",
            discussion: "Example: aos-reactor dlq show dlv_5f0c"
        )

        @Argument(help: "Id of the delivery.")
        var id: String

        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let answer = try await self.admin.ask(AdminRoute.deadLetter.path(self.id), as: DeadLetterResponse.self)
            let text = try? JSONValue.parse(answer.bytes).indentedText
            Terminal.standardOutput.print(text ?? String(decoding: answer.bytes, as: UTF8.self))
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send dead letters again, under the same ids.",
            discussion: "Example: aos-reactor dlq retry --all --receiver ops"
        )

        @OptionGroup var which: Which
        @OptionGroup var admin: AdminOptions

        private struct Body: Encodable {
            var actor: String
        }

        func run() async throws {
            for id in try await self.which.found(self.admin) {
                let answer = try await self.admin.ask(
                    AdminRoute.deadLetterRetry.path(id),
                    by: "POST",
                    body: Body(actor: Person.name),
                    as: DeadLetterChange.self
                )
                Terminal.standardOutput.print("\(answer.value.id) \(answer.value.action)")
            }
        }
    }

    struct Drop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Forget dead letters for good.",
            discussion: "Example: aos-reactor dlq drop dlv_5f0c"
        )

        @OptionGroup var which: Which
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            for id in try await self.which.found(self.admin) {
                let answer = try await self.admin.ask(
                    AdminRoute.deadLetter.path(id),
                    by: "DELETE",
                    as: DeadLetterChange.self
                )
                Terminal.standardOutput.print("\(answer.value.id) \(answer.value.action)")
            }
        }
    }

    /// The dead letters that are meant.
    struct Which: ParsableArguments {
        @Argument(help: ArgumentHelp("Ids of deliveries.", valueName: "id"))
        var ids: [String] = []

        @Flag(help: "All, at most a thousand.")
        var all = false

        @Option(help: "With --all: to this receiver only.")
        var receiver: String?

        func validate() throws {
            if self.ids.isEmpty != self.all { throw ValidationError("Give the ids, or --all.") }
            if self.receiver != nil, !self.all { throw ValidationError("--receiver belongs to --all.") }
        }

        func found(_ admin: AdminOptions) async throws -> [String] {
            guard self.all else { return self.ids }
            let letters = try await admin.ask(
                AdminRoute.deadLetters.path,
                query: [("receiver", self.receiver), ("limit", "1000")],
                as: DeliveriesResponse.self
            ).value.deliveries
            guard letters.isEmpty else { return letters.map(\.id) }
            Terminal.standardError.print("no dead letters")
            throw ExitCode.findings
        }
    }
}
