import Events
import ReactorTestKit
import RedisServer
import Testing

/// Producers and listeners as the original system has them: Python with redis-py.
enum Python {
    /// What every script begins with: `client()` makes a connection; `envelope()` writes as the original's publisher.
    private static let prelude = """
        import json, os, signal, sys, threading, time
        from datetime import datetime, timezone
        import redis

        def client():
            return redis.Redis(unix_socket_path=sys.argv[1])

        def envelope(event_type, payload):
            return json.dumps({
                "event_type": event_type, "timestamp": datetime.now(timezone.utc).isoformat(),
                "source": payload.get("source", "aos"), "payload": payload}, default=str)


        """

    private static func command(_ script: String, on server: RedisServerProcess, _ arguments: [String]) -> [String] {
        ["/usr/bin/python3", "-u", "-c", Self.prelude + script, server.address.unixPath] + arguments
    }

    /// Runs a script to its end; its further arguments begin at `sys.argv[2]`.
    ///
    /// - Returns: what it printed.
    @discardableResult
    static func run(_ script: String, on server: RedisServerProcess, _ arguments: String...) async throws -> String {
        let finished = try await finish(Self.command(script, on: server, arguments))
        #expect(finished.exitCode == 0, "\(finished.errorOutput)")
        return finished.output
    }

    /// Runs a script while `body` runs.
    static func withScript<Result: Sendable>(
        _ script: String,
        on server: RedisServerProcess,
        _ arguments: String...,
        body: (TestProgram) async throws -> Result
    ) async throws -> Result {
        try await withTestProgram(Self.command(script, on: server, arguments), body)
    }

    /// Listens to a channel while `body` runs; each message is a line of JSON in what the listener prints.
    static func withListener<Result: Sendable>(
        to channel: String,
        on server: RedisServerProcess,
        body: (TestProgram) async throws -> Result
    ) async throws -> Result {
        let script = """
            listener = client().pubsub()
            listener.subscribe(sys.argv[2])
            for message in listener.listen():
                if message["type"] == "message":
                    print(json.dumps(json.loads(message["data"])))
            """
        let before = try await server.subscriberCount(of: channel)
        return try await Self.withScript(script, on: server, channel) { listener in
            try await eventually("the listener listens") {
                try await server.subscriberCount(of: channel) == before + 1
            }
            return try await body(listener)
        }
    }
}
