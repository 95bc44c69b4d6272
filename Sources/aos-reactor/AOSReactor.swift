import ArgumentParser

/// The command line: one file a verb, no logic of its own.
@main
struct AOSReactor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "aos-reactor",
        abstract: "Watches what happens to agent runs on a Redis channel and reacts: no alert without a receipt.",
        discussion: """
            Start with `aos-reactor run`. Without REDIS_URL it brings its own redis-server and plays a demo.

            Exit codes: 0 fine; 1 findings, or no match; 64 wrong flags; 65 bad input; 69 Redis unreachable; 70 a bug;
            75 stopped with work left; 78 configuration refused.
            """,
        version: BuildInfo.version,
        subcommands: [
            Run.self, Check.self, TestVerb.self, Handlers.self, Routes.self, Receivers.self, Match.self, Explain.self,
            Runs.self, Alerts.self, SilenceVerb.self, DeadLetters.self, Publish.self, Generate.self, Tap.self,
            Status.self, Doctor.self,
            Version.self,
        ]
    )
}

/// What this build is.
enum BuildInfo {
    static let version = "0.1.0"
}
