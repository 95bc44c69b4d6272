import ArgumentParser
import ReactorConfig
import RedisClient

struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Judge whether the Redis server is fit for the reactor.",
        discussion: """
            Looks at persistence, eviction, output-buffer limits, keepalive, version, access rules and the clock, and says
            what to change. Exit codes: 0 fine or notes, 1 warnings or problems, 69 no Redis.

            Example: REDIS_URL=redis://localhost aos-reactor doctor
            """
    )

    @OptionGroup var redis: RedisOptions

    func run() async throws {
        try await self.redis.withCommands { commands, configuration in
            let report = try await ServerReport.examine(commands, channels: [configuration.publishChannel])
            var table = Table(["JUDGEMENT", "CODE", "FINDING"])
            for finding in report.findings {
                table.add(["\(finding.severity)", finding.code.rawValue, finding.message])
                if let remedy = finding.remedy { table.add(["", "", "-> \(remedy)"]) }
            }
            Terminal.standardOutput.print("Redis at \(commands.endpoint)")
            Terminal.standardOutput.print(table.text)
            Terminal.standardOutput.print(
                "what it acknowledges is \(report.durability.verdict.rawValue): \(report.durability.reason)"
            )
            if report.worst >= .warning { throw ExitCode.findings }
        }
    }
}
