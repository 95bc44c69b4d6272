import Events
import FoundationEssentials
import ReactorTestKit
import RedisServer
import Testing

/// A reactor with an alert for each failed run, and what tests of its alerts do with it.
enum AlertedReactor {
    static func failedRun(_ run: String, tenant: String = "acme") -> String {
        #"{"event_type": "run.failed", "source": "tests", "payload": {"run_id": "\#(run)", "tenant_id": "\#(tenant)"}}"#
    }

    /// Runs a reactor on a Redis of its own.
    static func withReactor(
        config: String = "",
        environment: [String: String] = [:],
        arguments: [String] = [],
        _ body: (RunningReactor, RedisServerProcess) async throws -> Void
    ) async throws {
        try await withRedisServer { server in
            try await withRunningReactor(
                redis: server.url,
                handlers: SampleHandlers.failedRuns,
                config: config,
                arguments: arguments,
                environment: environment
            ) { reactor in
                await eventually("ready") { await reactor.isReady }
                try await body(reactor, server)
            }
        }
    }

    /// Runs a verb against the reactor.
    static func verb(_ reactor: RunningReactor, _ arguments: String...) async throws -> FinishedProgram {
        try await withTemporaryFolder { folder in
            let whole = [BuiltProgram.path] + arguments + ["--url", reactor.adminAddress]
            return try await finish(try command(whole, in: folder))
        }
    }

    /// Publishes events until so many decisions are on record.
    static func decide(
        _ events: [String],
        total: Int,
        _ reactor: RunningReactor,
        _ server: RedisServerProcess
    ) async throws {
        _ = try await server.publish(events, on: "aos.events")
        try await eventually("decided") {
            try await reactor.json("/v1/receipts?limit=1000")["receipts"]?.arrayValue?.count == total
        }
    }
}
