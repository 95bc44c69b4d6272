import Glibc
import Logging
import ServiceLifecycle
import Synchronization
import UnixSignals

/// SIGTERM and SIGINT stop the program, a second one at once; SIGHUP loads the configuration anew.
struct SignalService: Service {
    /// How much longer than its grace a stop may take before the program ends anyway.
    private static let patience: Duration = .seconds(5)

    let grace: Duration
    let logger: Logger
    let reload: @Sendable () async -> Void
    let stop: @Sendable () -> Void

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup, .sigterm, .sigint)
        await withDiscardingTaskGroup { group in
            var isStopping = false
            for await signal in signals.cancelOnGracefulShutdown() {
                switch signal {
                case .sighup:
                    self.logger.notice("SIGHUP: loading the configuration anew")
                    await self.reload()
                case _ where isStopping:
                    self.logger.error("second signal: ending at once")
                    self.exitNow()
                default:
                    isStopping = true
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
