import ArgumentParser
import Events
import ReactorConfig
import ReactorRuntime
import RedisClient
import SyntheticEvents

struct Generate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Publish made-up runs: completing, failing, stalling, drifting ones.",
        discussion: """
            Equal seeds give equal events.

            Example: aos-reactor generate --runs 100 --rate 200 --seed 7
            Example: aos-reactor generate --count 100000
            """
    )

    @Option(help: "Events in all (default: until the runs are over).")
    var count: Int?

    @Option(help: "Runs in all (default: 100, or as many as --count needs).")
    var runs: Int?

    @Option(help: "Events a second; as fast as possible without.")
    var rate: Double?

    @Option(help: "Seed of the made-up runs.")
    var seed: UInt64 = 1

    @Option(help: "Tenants that the runs belong to.")
    var tenants = 5

    @Option(help: "Channel (default: the first one that the configuration listens to).")
    var channel: String?

    @OptionGroup var redis: RedisOptions

    /// Commands that wait for their answer together.
    private static let batchSize = 256

    func validate() throws {
        guard self.count ?? 1 > 0 else { throw ValidationError("--count takes a whole number above 0") }
        guard self.runs ?? 1 > 0 else { throw ValidationError("--runs takes a whole number above 0") }
        guard self.rate ?? 1 > 0 else { throw ValidationError("--rate takes a number above 0") }
        guard self.tenants > 0 else { throw ValidationError("--tenants takes a whole number above 0") }
    }

    func run() async throws {
        try await self.redis.withCommands { commands, configuration in
            let channel = Array((self.channel ?? configuration.publishChannel).utf8)
            let settings = RunLifecycles.Settings(
                seed: self.seed,
                runs: self.runs ?? (self.count == nil ? 100 : nil),
                tenants: self.tenants,
                epoch: PipelineClock.system.wall()
            )
            var progress = ProgressBar(total: self.count)
            let pace = Pace(rate: self.rate)
            var batch: [RedisCommand] = []
            var published = 0
            for event in RunLifecycles(settings) {
                if let count = self.count, published + batch.count >= count { break }
                await pace.wait(for: published + batch.count)
                let frame = event.frame(publishedAt: PipelineClock.system.wall())
                batch.append(RedisCommand([Array("PUBLISH".utf8), channel, frame]))
                guard batch.count >= (self.rate == nil ? Self.batchSize : 1) else { continue }
                published += try await Self.publish(&batch, through: commands)
                progress.show(published)
            }
            published += try await Self.publish(&batch, through: commands)
            progress.finish(published)
            Terminal.standardOutput.print("\(published) events published, seed \(self.seed)")
        }
    }

    private static func publish(_ batch: inout [RedisCommand], through commands: RedisCommandClient) async throws -> Int
    {
        defer { batch.removeAll(keepingCapacity: true) }
        for reply in try await commands.pipeline(batch) {
            if case .error(let error) = reply { throw error }
        }
        return batch.count
    }
}

/// How far it has come, on a terminal; nothing elsewhere.
struct ProgressBar {
    private static let width = 30

    private let total: Int?
    private let isShown = Terminal.standardError.isTerminal
    private let begin = ContinuousClock.now
    private var last = ContinuousClock.now

    init(total: Int?) {
        self.total = total
    }

    mutating func show(_ done: Int) {
        let now = ContinuousClock.now
        guard self.isShown, now - self.last > .milliseconds(100) else { return }
        self.last = now
        Terminal.standardError.write("\r" + self.line(done, now))
    }

    func finish(_ done: Int) {
        guard self.isShown else { return }
        Terminal.standardError.write("\r" + self.line(done, .now) + "\n")
    }

    private func line(_ done: Int, _ now: ContinuousClock.Instant) -> String {
        let seconds = (now - self.begin).inSeconds
        let rate = seconds > 0 ? Int(Double(done) / seconds) : 0
        guard let total else { return "\(done) events, \(rate)/s   " }
        let filled = total > 0 ? min(Self.width, done * Self.width / total) : Self.width
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
        return "[\(bar)] \(done)/\(total), \(rate)/s   "
    }
}
