package import Events
package import Reactions
package import RedisClient

/// Keeps what machines remember in Redis: for each machine a hash of states and a sorted set of when they are due, and for
/// all of them what is to be told.
package final class RedisMachineStore: MachineStore {
    /// Bytes that are set aside for a change.
    private static let bytesPerChange = 320
    /// States that are read in one step at a start.
    private static let scanCount = 1000

    private let commands: RedisCommandClient
    private let base: String

    /// - Parameters:
    ///   - commands: Somebody else runs it.
    ///   - namespace: Reactors of one namespace share what their machines remember.
    package init(commands: RedisCommandClient, namespace: String) {
        self.commands = commands
        self.base = "aos:{\(namespace)}:machine"
    }

    private func states(_ machine: String) -> String { "\(self.base):\(machine):states" }
    private func due(_ machine: String) -> String { "\(self.base):\(machine):due" }
    private var tellings: String { "\(self.base)s:tellings" }
    private var times: String { "\(self.base)s:telling-times" }
    private var aliveKey: String { "\(self.base)s:alive" }

    // MARK: Writing

    /// - Throws: `RedisError`.
    package func commit(_ changes: [MachineChange], of machine: String) async throws -> [MachineCommit] {
        let keys = [self.states(machine), self.due(machine), self.tellings, self.times].map { Array($0.utf8) }
        var arguments = ScriptArguments(keys: keys, capacity: changes.count * Self.bytesPerChange)
        arguments.add(String(changes.count))
        for change in changes { arguments.add(change.key) }
        for change in changes { Self.add(change, to: &arguments) }
        let reply = try await self.commands.evaluate(MachineScripts.commit, arguments)
        var commits = [MachineCommit](repeating: .written, count: changes.count)
        // What is not refused counts as written, so an answer that is not understood must not pass for "nothing refused".
        let unknown = RedisError(.unexpectedReply, "the script that writes changes answered with something unknown")
        guard let refused = try reply.orThrow().elements, refused.count.isMultiple(of: 2) else { throw unknown }
        for index in stride(from: 0, to: refused.count, by: 2) {
            guard case .integer(let number) = refused[index], let bytes = refused[index + 1].bytes,
                case let place = Int(number) - 1, commits.indices.contains(place)
            else { throw unknown }
            commits[place] = .conflict(StoredKey(key: changes[place].key, stored: bytes))
        }
        return commits
    }

    private static func add(_ change: MachineChange, to arguments: inout ScriptArguments) {
        if let known = change.known {
            arguments.add(count: MachineVersion.characters) { known.write(into: &$0) }
        } else {
            arguments.add("")
        }
        let bytes = change.state?.bytes ?? []
        arguments.add(count: MachineVersion.characters + bytes.count) { buffer in
            change.version.write(into: &buffer)
            buffer.append(contentsOf: bytes)
        }
        if change.isDueStored {
            arguments.add(MachineScripts.sameDue)
        } else {
            arguments.add(change.state?.due.map { String($0.microseconds) } ?? MachineScripts.neverDue)
        }
        guard change.telling != nil || !change.events.isEmpty else { return arguments.add("0") }
        arguments.add(String(1 + 2 * change.events.count))
        arguments.add(change.telling.map { $0.json.compactText } ?? "")
        for event in change.events {
            arguments.add(event.channel)
            arguments.add(event.bytes)
        }
    }

    // MARK: Reading

    /// - Throws: `RedisError`.
    package func load(_ machine: String, _ take: ([StoredKey]) -> Void) async throws {
        var cursor = "0"
        repeat {
            let reply = try await self.commands.send(
                RedisCommand("HSCAN", self.states(machine), cursor, "COUNT", "\(Self.scanCount)"),
                deadline: .seconds(30)
            )
            guard let parts = reply.elements, parts.count == 2, let next = parts[0].text, let list = parts[1].elements
            else { throw RedisError(.unexpectedReply, "HSCAN answered with something unknown") }
            cursor = next
            take(Self.storedKeys(list))
        } while cursor != "0"
    }

    /// - Throws: `RedisError`.
    package func overdue(_ machine: String, by age: Duration, limit: Int) async throws -> [StoredKey] {
        let reply = try await self.commands.evaluate(
            MachineScripts.overdue,
            keys: [self.states(machine), self.due(machine)],
            arguments: ["\(age.wholeMicroseconds)", "\(limit)"]
        ).orThrow()
        return Self.storedKeys(reply.elements ?? [])
    }

    private static func storedKeys(_ list: [RedisReply]) -> [StoredKey] {
        stride(from: 0, to: list.count - 1, by: 2).compactMap { index in
            guard let key = list[index].text, let bytes = list[index + 1].bytes else { return nil }
            return StoredKey(key: key, stored: bytes)
        }
    }

    // MARK: Tellings

    /// - Throws: `RedisError`.
    package func confirm(_ tellings: [MachineVersion]) async throws {
        guard !tellings.isEmpty else { return }
        let ids = tellings.map(\.bytes)
        let replies = try await self.commands.pipeline([
            RedisCommand([Array("HDEL".utf8), Array(self.tellings.utf8)] + ids),
            RedisCommand([Array("ZREM".utf8), Array(self.times.utf8)] + ids),
        ])
        for reply in replies { _ = try reply.orThrow() }
    }

    /// - Throws: `RedisError`.
    package func unconfirmed(for age: Duration, limit: Int) async throws -> [StoredTelling] {
        let reply = try await self.commands.evaluate(
            MachineScripts.unconfirmed,
            keys: [self.tellings, self.times],
            arguments: ["\(age.wholeMicroseconds)", "\(limit)"]
        ).orThrow()
        let list = reply.elements ?? []
        return stride(from: 0, to: list.count - 1, by: 2).compactMap { index in
            guard let id = list[index].bytes.flatMap(MachineVersion.init(bytes:)), let text = list[index + 1].text,
                let json = try? JSONValue.parse(text)
            else { return nil }
            // What no version of this program has written is nothing that could be told.
            return StoredTelling(version: id, telling: (try? MachineTelling(json: json)) ?? MachineTelling())
        }
    }

    // MARK: Life

    /// - Throws: `RedisError`.
    package func noteAlive() async throws -> (now: Timestamp, before: Timestamp?) {
        let reply = try await self.commands.evaluate(
            MachineScripts.alive,
            keys: [self.aliveKey],
            arguments: []
        ).orThrow()
        guard let parts = reply.elements, parts.count == 2, let now = parts[0].text.flatMap({ Int64($0) }) else {
            throw RedisError(.unexpectedReply, "the script that notes who listens answered with something unknown")
        }
        let before = parts[1].text.flatMap { Int64($0) }
        return (Timestamp(microseconds: now), before.map { Timestamp(microseconds: $0) })
    }
}

extension MachineVersion {
    /// The number, then what makes it unique.
    fileprivate static let characters = 16

    fileprivate var bytes: [UInt8] {
        var bytes: [UInt8] = []
        self.write(into: &bytes)
        return bytes
    }

    fileprivate func write(into bytes: inout [UInt8]) {
        let value = UInt64(self.number) << 32 | UInt64(self.tag)
        for place in 1...Self.characters {
            let digit = UInt8(truncatingIfNeeded: value >> UInt64(64 - 4 * place)) & 0xF
            bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }

    fileprivate init?(bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.utf8.count == Self.characters, let number = UInt32(text.prefix(8), radix: 16),
            let tag = UInt32(text.suffix(8), radix: 16)
        else { return nil }
        self.init(number: number, tag: tag)
    }
}

extension StoredKey {
    /// Nil for what is not kept, or was not written by a reactor.
    fileprivate init?(key: String, stored: [UInt8]) {
        guard let version = MachineVersion(bytes: Array(stored.prefix(MachineVersion.characters))) else {
            return nil
        }
        self.init(key: key, version: version, bytes: Array(stored.dropFirst(MachineVersion.characters)))
    }
}
