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

/// The keys and arguments of a call, in the form of the wire: for calls of a thousand short arguments, of which most
/// would otherwise live in arrays of their own.
package struct ScriptArguments: Sendable {
    /// All of them, keys included.
    private var count: Int
    private let keys: Int
    private var encoded: [UInt8]

    /// - Parameter capacity: bytes that are set aside.
    package init(keys: [[UInt8]] = [], capacity: Int = 0) {
        self.count = 0
        self.keys = keys.count
        self.encoded = []
        self.encoded.reserveCapacity(capacity)
        for key in keys { self.add(key) }
    }

    package mutating func add(_ bytes: [UInt8]) {
        self.begin(bytes.count)
        self.encoded.append(contentsOf: bytes)
        self.end()
    }

    package mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            self.begin(bytes.count)
            self.encoded.append(contentsOf: bytes)
        }
        self.end()
    }

    /// An argument that is made of parts.
    ///
    /// - Parameters:
    ///   - count: how many bytes it has.
    ///   - write: appends as many.
    package mutating func add(count: Int, _ write: (inout [UInt8]) -> Void) {
        self.begin(count)
        let end = self.encoded.count + count
        write(&self.encoded)
        precondition(self.encoded.count == end, "an argument has as many bytes as were told")
        self.end()
    }

    /// Further arguments, behind all others.
    package mutating func add(_ others: ScriptArguments) {
        self.count += others.count
        self.encoded.append(contentsOf: others.encoded)
    }

    private mutating func begin(_ length: Int) {
        self.count += 1
        self.encoded.append(UInt8(ascii: "$"))
        self.encoded.append(contentsOf: String(length).utf8)
        self.end()
    }

    private mutating func end() {
        self.encoded.append(UInt8(ascii: "\r"))
        self.encoded.append(UInt8(ascii: "\n"))
    }

    /// The whole command: its name, the script, how many keys there are, and all of these.
    fileprivate func command(_ name: String, _ script: String) -> RedisCommand {
        var head = ScriptArguments()
        head.add(name)
        head.add(script)
        head.add(String(self.keys))
        let count = "*\(head.count + self.count)\r\n"
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count.utf8.count + head.encoded.count + self.encoded.count)
        bytes.append(contentsOf: count.utf8)
        bytes.append(contentsOf: head.encoded)
        bytes.append(contentsOf: self.encoded)
        return RedisCommand(name: name, encoded: bytes)
    }
}

extension RedisScript {
    package func callByDigest(_ arguments: ScriptArguments) -> RedisCommand {
        arguments.command("EVALSHA", self.digest)
    }

    package func callBySource(_ arguments: ScriptArguments) -> RedisCommand {
        arguments.command("EVAL", self.source)
    }
}

extension RedisCommandClient {
    /// `evaluate` with arguments that are written already.
    package func evaluate(
        _ script: RedisScript,
        _ arguments: ScriptArguments,
        deadline: Duration = RedisCommandClient.defaultDeadline
    ) async throws(RedisError) -> RedisReply {
        do throws(RedisError) {
            return try await self.send(script.callByDigest(arguments), deadline: deadline)
        } catch {
            guard error.code == .noScript else { throw error }
            return try await self.send(script.callBySource(arguments), deadline: deadline)
        }
    }

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
