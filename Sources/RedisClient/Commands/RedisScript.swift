/// A Lua script and the name that the server knows it by.
///
/// The text is fixed; values come in as keys and arguments only.
package struct RedisScript: Sendable, Hashable {
    package let source: String

    /// SHA-1 of the source, as EVALSHA wants it.
    package let digest: String

    package init(_ source: String) {
        self.source = source
        self.digest = SHA1.hexDigest(source.utf8)
    }

    /// EVALSHA with these keys and arguments.
    package func callByDigest(keys: [[UInt8]], arguments: [[UInt8]]) -> RedisCommand {
        self.call("EVALSHA", self.digest, keys, arguments)
    }

    /// EVAL with these keys and arguments; the server keeps the script for later calls by digest.
    package func callBySource(keys: [[UInt8]], arguments: [[UInt8]]) -> RedisCommand {
        self.call("EVAL", self.source, keys, arguments)
    }

    private func call(_ name: String, _ script: String, _ keys: [[UInt8]], _ arguments: [[UInt8]]) -> RedisCommand {
        RedisCommand([Array(name.utf8), Array(script.utf8), Array(String(keys.count).utf8)] + keys + arguments)
    }
}

extension RedisCommandClient {
    /// Runs a script by its digest, and by its source when the server does not have it (after a restart, a fail-over or
    /// SCRIPT FLUSH).
    ///
    /// - Throws: `RedisError`. `noScript` never: the fallback answers it. NOSCRIPT means that nothing ran, so the script
    ///   runs at most once.
    package func evaluate(
        _ script: RedisScript,
        keys: [[UInt8]] = [],
        arguments: [[UInt8]] = [],
        deadline: Duration = RedisCommandClient.defaultDeadline
    ) async throws(RedisError) -> RedisReply {
        do throws(RedisError) {
            return try await self.send(script.callByDigest(keys: keys, arguments: arguments), deadline: deadline)
        } catch {
            guard error.code == .noScript else { throw error }
            return try await self.send(script.callBySource(keys: keys, arguments: arguments), deadline: deadline)
        }
    }

    /// `evaluate` with text keys and arguments.
    package func evaluate(
        _ script: RedisScript,
        keys: [String],
        arguments: [String],
        deadline: Duration = RedisCommandClient.defaultDeadline
    ) async throws(RedisError) -> RedisReply {
        try await self.evaluate(
            script,
            keys: keys.map { Array($0.utf8) },
            arguments: arguments.map { Array($0.utf8) },
            deadline: deadline
        )
    }

    /// Asks the server for a sign of life and measures how long it takes.
    ///
    /// - Throws: `RedisError`.
    package func ping(deadline: Duration = RedisCommandClient.defaultDeadline) async throws(RedisError) -> Duration {
        let clock = ContinuousClock()
        let start = clock.now
        let reply = try await self.send(RedisCommand("PING"), deadline: deadline)
        guard reply == .simple("PONG") else {
            throw RedisError(.unexpectedReply, "the server did not answer PING with PONG")
        }
        return clock.now - start
    }
}
