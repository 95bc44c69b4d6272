import ArgumentParser
import NIOCore
import NIOPosix
import ReactorConfig

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the reactor in the foreground.",
        discussion: """
            Subscribes to the configured channels, runs the handlers, raises alerts. Without REDIS_URL it brings its own
            redis-server and plays a demonstration once.

            SIGTERM and SIGINT stop it after what was received is handled; a second signal stops it at once. SIGHUP loads
            configuration and handlers anew, all or nothing.

            Example: REDIS_URL=redis://localhost aos-reactor run --handlers handlers
            """
    )

    @OptionGroup var files: ConfigurationOptions

    @Option(help: "Where the admin interface listens: HOST:PORT, unix:PATH or off.")
    var listen: String?

    @Flag(help: "End with 69 when Redis cannot be used within five seconds, instead of waiting for it.")
    var requireRedis = false

    func run() async throws {
        // The loops beside the reactor's own: commands to Redis, the admin interface.
        NIOSingletons.groupLoopCountSuggestion = 1
        let overrides = self.overrides
        let files = self.files
        let (configuration, loaded) = try files.loadOrExit(overrides: overrides, showsWarnings: false)
        let program = ReactorProgram(
            configuration: configuration,
            loaded: loaded,
            reload: { files.load(overrides: overrides) }
        )
        try await program.run()
    }

    private var overrides: [ConfigurationOverride] {
        var overrides: [ConfigurationOverride] = []
        if let listen { overrides.append(.init(path: "http.listen", value: listen, flag: "--listen")) }
        if self.requireRedis {
            overrides.append(.init(path: "redis.required", value: "true", flag: "--require-redis"))
        }
        return overrides
    }
}
