import FoundationEssentials
import Logging
import Reactions
import ReactorConfig
import ReactorRuntime
import ServiceLifecycle
import Stores

/// The history store, for as long as anybody records something.
struct HistoryService: Service {
    /// How long the end waits for the database; what it does not take by then goes to disk.
    private static let flushLimit = Duration.seconds(2)
    /// Reactors that share a folder for spilled rows have a place each.
    private static let places = 64

    let keeper: HistoryKeeper
    let spillFolder: String
    let logger: Logger

    /// Nil when history is off.
    static func make(_ configuration: HistoryConfiguration, _ logger: Logger) async throws -> HistoryService? {
        let location: HistorySettings.Location
        switch try configuration.place {
        case .off: return nil
        case .sqlite(let path):
            // What cannot be made, opening the file tells of.
            if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
                let folder = String(path[..<slash])
                try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            }
            location = .sqlite(path: path)
        case .postgres(let endpoint): location = .postgres(endpoint)
        }
        var first: HistoryService?
        for place in 0..<Self.places {
            let folder = "\(configuration.spillDirectory)/\(place)"
            var settings = HistorySettings(location: location, spillFolder: folder)
            settings.bufferedRows = configuration.buffer
            settings.spillBytes = Int64(configuration.spillLimit)
            settings.retention.age = configuration.keep
            settings.retention.bytes = configuration.maxSize > 0 ? Int64(configuration.maxSize) : nil
            let keeper = HistoryKeeper(settings, logger: logger, now: PipelineClock.system.wall)
            let service = HistoryService(keeper: keeper, spillFolder: folder, logger: logger)
            do throws(HistoryError) {
                try await keeper.takeSpillFolder()
                return service
            } catch {
                // Another reactor's; or no folder can be used, and then the first one tells why.
                if first == nil { first = service }
            }
        }
        return first
    }

    /// Which receipts are in this history already.
    func bookmark(_ configuration: ReactorConfiguration) -> ArchiveBookmark {
        // The socket of an embedded server has another name each time.
        let server = configuration.redis.endpoint.map { "\($0)" } ?? "embedded"
        return ArchiveBookmark(
            path: self.spillFolder + "/receipts.place",
            subject: "\(configuration.namespace) on \(server) in \(self.keeper.name)"
        )
    }

    func run() async throws {
        self.logger.info("history", metadata: ["database": "\(self.keeper.name)"])
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.keeper.run() }
            // Services are stopped in the order opposite to their start: when it is this one's turn, nobody records.
            try? await gracefulShutdown()
            try? await self.keeper.flush(within: Self.flushLimit)
            group.cancelAll()
        }
        let figures = self.keeper.figures
        if figures.lost > 0 {
            self.logger.error("rows of history were lost", metadata: ["rows": "\(figures.lost)"])
        }
        if figures.spillBytes > 0 {
            self.logger.notice(
                "rows of history wait on disk for the next start",
                metadata: ["bytes": "\(figures.spillBytes)", "folder": "\(self.spillFolder)"]
            )
        }
    }
}
