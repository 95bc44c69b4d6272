import Glibc
import Logging
import ServiceLifecycle
import Synchronization
import UnixSignals

/// SIGTERM and SIGINT stop the program, a second one at once; SIGHUP loads the configuration anew.
struct SignalService: Service {
    /// How much longer than its grace a stop may take before the program ends anyway.
    private static let patience: Duration = .seconds(5)

    /// A second signal this soon after the first is the same demand: `timeout` signals its child and then the group, and
    /// Ctrl-C reaches a program both from the terminal and from a supervisor that passes it on.
    private static let echo: Duration = .milliseconds(200)

    let grace: Duration
    let logger: Logger
    let reload: @Sendable () async -> Void
    let stop: @Sendable () -> Void

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup, .sigterm, .sigint)
        await withDiscardingTaskGroup { group in
            var stopping: ContinuousClock.Instant?
            for await signal in signals.cancelOnGracefulShutdown() {
                switch signal {
                case .sighup:
                    self.logger.notice("SIGHUP: loading the configuration anew")
                    await self.reload()
                default:
                    if let stopping {
                        guard ContinuousClock.now - stopping > Self.echo else { continue }
                        self.logger.error("second signal: ending at once")
                        self.exitNow()
                    }
                    stopping = .now
                    self.logger.notice("stopping", metadata: ["signal": "\(signal)"])
                    self.stop()
                    group.addTask { await self.watchTheStop() }
                }
            }
            group.cancelAll()
        }
    }

    /// Ends the program should the stop hang.
    private func watchTheStop() async {
        do {
            try await Task.sleep(for: self.grace + Self.patience)
        } catch {
            return
        }
        self.logger.critical("the stop hangs: ending at once")
        self.exitNow()
    }

    /// `_exit`: no destructors, no waiting. The private redis-server notices by itself.
    private func exitNow() -> Never {
        usleep(50_000)
        _exit(75)
    }
}
