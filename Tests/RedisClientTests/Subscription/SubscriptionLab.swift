import Logging
import NIOCore
import NIOPosix
import ReactorTestKit
import RedisServer
import Synchronization
import Testing

@testable import RedisClient

/// What a subscription delivered and reported, to be looked at from a test.
final class SubscriptionRecord: Sendable {
    struct Report: Sendable {
        let event: SubscriptionEvent
        let when: NIODeadline
    }

    private struct Content {
        var payloads: [String] = []
        var reports: [Report] = []
        var messages = 0
        var bytes = 0
    }

    private let content = Mutex(Content())
    private let keepsPayloads: Bool

    init(keepsPayloads: Bool = true) {
        self.keepsPayloads = keepsPayloads
    }

    func receive(_ batch: inout MessageBatch) {
        var payloads: [String] = []
        var messages = 0
        var bytes = 0
        while let message = batch.next() {
            precondition(message.readable >= message.payload.count)
            if self.keepsPayloads { payloads.append(String(decoding: message.payload, as: UTF8.self)) }
            messages += 1
            bytes += message.payload.count
        }
        self.content.withLock { content in
            content.payloads += payloads
            content.messages += messages
            content.bytes += bytes
        }
    }

    func handle(_ event: SubscriptionEvent) {
        self.content.withLock { $0.reports.append(Report(event: event, when: .now())) }
    }

    var payloads: [String] { self.content.withLock { $0.payloads } }
    var messageCount: Int { self.content.withLock { $0.messages } }
    var reports: [Report] { self.content.withLock { $0.reports } }
    var labels: [String] { self.reports.map(\.event.label) }

    func count(_ label: String) -> Int { self.reports.count { $0.event.label == label } }

    /// When this was first reported after a time.
    func first(_ label: String, after start: NIODeadline = .distantPast) -> Report? {
        self.reports.first { $0.event.label == label && $0.when >= start }
    }

    var windows: [BlindWindow] {
        self.reports.compactMap { if case .blindWindow(let window) = $0.event { window } else { nil } }
    }

    var replacements: [Replacement] {
        self.reports.compactMap { if case .replaced(let replacement) = $0.event { replacement } else { nil } }
    }
}

/// The sink that fills a record.
private final class RecordingSink: SubscriptionSink {
    private let record: SubscriptionRecord

    init(record: SubscriptionRecord) {
        self.record = record
    }

    func receive(_ batch: inout MessageBatch) { self.record.receive(&batch) }

    func handle(_ event: SubscriptionEvent) { self.record.handle(event) }
}

/// A running subscription and what belongs to it.
struct SubscriptionLab: Sendable {
    static let channel = "aos.events"

    let subscription: RedisSubscription
    let commands: RedisCommandClient
    let record: SubscriptionRecord
    let eventLoop: any EventLoop

    /// Waits until the subscription has proven itself this many times.
    func ready(_ times: Int = 1) async throws {
        try #require(await eventually { self.record.count("ready") >= times })
    }
}

/// Runs a subscription against a server while `body` runs.
func withSubscription<Result: Sendable>(
    to url: String,
    commandsTo commandsURL: String? = nil,
    caFile: String? = nil,
    targets: [SubscriptionTarget] = [.channel(SubscriptionLab.channel)],
    keepsPayloads: Bool = true,
    stopsAtEnd: Bool = true,
    change: (inout SubscriptionSettings) -> Void = { _ in },
    _ body: @Sendable (SubscriptionLab) async throws -> Result
) async throws -> Result {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let logger = Logger(label: "test.redis") { _ in SwiftLogNoOpLogHandler() }
    var settings = SubscriptionSettings(instance: "test-\(UInt32.random(in: 0...UInt32.max))")
    change(&settings)
    let record = SubscriptionRecord(keepsPayloads: keepsPayloads)
    let commands = RedisCommandClient(
        endpoint: try RedisEndpoint(url: commandsURL ?? url, caFile: commandsURL == nil ? caFile : nil),
        clientName: "test-commands",
        eventLoop: group.next(),
        logger: logger
    )
    let configuration = RedisSubscription.Configuration(
        endpoint: try RedisEndpoint(url: url, caFile: caFile),
        targets: targets,
        settings: settings,
        clientName: "test-subscription",
        eventLoop: group.next(),
        logger: logger
    )
    let subscription = RedisSubscription(configuration, commands: commands) { RecordingSink(record: record) }
    let lab = SubscriptionLab(
        subscription: subscription,
        commands: commands,
        record: record,
        eventLoop: configuration.eventLoop
    )
    let result = try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { await commands.run() }
        tasks.addTask { try await subscription.run() }
        do {
            let result = try await body(lab)
            if stopsAtEnd { await subscription.stop() }
            tasks.cancelAll()
            try await tasks.waitForAll()
            return result
        } catch {
            tasks.cancelAll()
            throw error
        }
    }
    try await group.shutdownGracefully()
    return result
}

extension NIODeadline {
    /// Milliseconds from another time to this one.
    func milliseconds(since start: NIODeadline) -> Int64 { (self - start).nanoseconds / 1_000_000 }
}

/// Prints a measured figure of a test, one line each.
func figure(_ what: String, _ value: some CustomStringConvertible, _ unit: String) {
    print("figure: \(what): \(value) \(unit)")
}
