import Logging
import NIOCore
import NIOPosix
import ReactorTestKit
import RedisClient
import Synchronization
import Testing

/// Everything that a client says through its logger and its state callback.
final class ClientJournal: Sendable {
    private let lines = Mutex<[String]>([])
    private let statesSeen = Mutex<[RedisConnectionState]>([])

    var text: String { self.lines.withLock { $0.joined(separator: "\n") } }
    var states: [RedisConnectionState] { self.statesSeen.withLock { $0 } }

    /// How often a connection came up.
    var connections: Int { self.states.count { if case .connected = $0 { true } else { false } } }

    var losses: [RedisError] {
        self.states.compactMap { if case .disconnected(let error) = $0 { error } else { nil } }
    }

    func note(_ state: RedisConnectionState) {
        self.statesSeen.withLock { $0.append(state) }
        self.note("\(state)")
    }

    func note(_ line: String) { self.lines.withLock { $0.append(line) } }
}

/// Keeps every log line, metadata included.
struct JournalLogHandler: LogHandler {
    let journal: ClientJournal
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        self.journal.note("\(event.level) \(event.message) \(event.metadata ?? [:])")
    }
}

/// Runs a client while `body` runs, and stops it afterwards.
func withClient<Result: Sendable>(
    _ url: String,
    caFile: String? = nil,
    settings: RedisCommandClient.Settings = .init(),
    journal: ClientJournal = ClientJournal(),
    connected: Bool = true,
    _ body: (RedisCommandClient) async throws -> Result
) async throws -> Result {
    let client = RedisCommandClient(
        endpoint: try RedisEndpoint(url: url, caFile: caFile),
        clientName: "aos test",
        eventLoop: MultiThreadedEventLoopGroup.singleton.next(),
        logger: Logger(label: "test") { _ in JournalLogHandler(journal: journal) },
        settings: settings,
        onStateChange: { state in journal.note(state) }
    )
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await client.run() }
        // Leaving the group cancels `run()` and waits for it.
        defer { group.cancelAll() }
        if connected { await eventually { client.isConnected } }
        return try await body(client)
    }
}
