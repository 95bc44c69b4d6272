import Events
import Reactions
import RedisClient
import Stores
import Testing

/// What the store does with changes, and the form in which it keeps them.
@Suite(.timeLimit(.minutes(5))) struct RedisMachineStoreTests {
    private static let now = Timestamp(seconds: 1_700_000_000)

    private static func change(
        _ key: String,
        from known: MachineVersion? = nil,
        _ version: MachineVersion,
        _ text: String,
        due: Timestamp? = nil
    ) -> MachineChange {
        let state = MachineState(bytes: Array(text.utf8), due: due)
        return MachineChange(key: key, known: known, version: version, state: state)
    }

    private static func stored(_ store: RedisMachineStore) async throws -> [String: StoredKey] {
        var found: [String: StoredKey] = [:]
        try await store.load("m") { keys in
            for key in keys { found[key.key] = key }
        }
        return found
    }

    @Test func `more changes than one command can hold are written in one step, each for itself`() async throws {
        try await SharedMachinesTests.withStore { store in
            let (first, second) = (MachineVersion(number: 1, tag: 7), MachineVersion(number: 2, tag: 8))
            let others = MachineVersion(number: 9, tag: 9)
            let keys = (0..<2500).map { "key \($0)" }
            let written = try await store.commit(keys.map { Self.change($0, first, "one of \($0)") }, of: "m")
            #expect(written == Array(repeating: .written, count: keys.count))
            // Some of them were written by somebody else since.
            let (taken, gone) = ([0, 999, 1000, 1999, 2499], [1, 1001, 2001])
            _ = try await store.commit(
                taken.map { Self.change(keys[$0], from: first, others, "another's") }
                    + gone.map { MachineChange(key: keys[$0], known: first, version: others, state: nil) },
                of: "m"
            )
            let changes = keys.map { Self.change($0, from: first, second, "two of \($0)") }
            let commits = try await store.commit(changes, of: "m")
            for (index, commit) in commits.enumerated() {
                if taken.contains(index) {
                    let stored = StoredKey(key: keys[index], version: others, bytes: Array("another's".utf8))
                    #expect(commit == .conflict(stored))
                } else {
                    #expect(commit == (gone.contains(index) ? .conflict(nil) : .written))
                }
            }
            // The answer was lost, and they are written again: what was written stays so, and what was refused, too.
            #expect(try await store.commit(changes, of: "m") == commits)
            let kept = try await Self.stored(store)
            #expect(kept.count == keys.count - gone.count)
            #expect(kept[keys[1000]]?.version == others)
            #expect(kept[keys[1002]].map { String(decoding: $0.bytes, as: UTF8.self) } == "two of \(keys[1002])")
        }
    }

    @Test func `when a key is due stays as it was, moves and goes with its changes`() async throws {
        try await SharedMachinesTests.withStore { store in
            let versions = (1...4).map { MachineVersion(number: $0, tag: 1) }
            func overdue() async throws -> [String] {
                try await store.overdue("m", by: .seconds(1), limit: 10).map {
                    String(decoding: $0.bytes, as: UTF8.self)
                }
            }
            _ = try await store.commit([Self.change("k", versions[0], "one", due: Self.now)], of: "m")
            #expect(try await overdue() == ["one"])
            var change = Self.change("k", from: versions[0], versions[1], "two", due: Self.now)
            change.isDueStored = true
            _ = try await store.commit([change], of: "m")
            #expect(try await overdue() == ["two"])
            let later = Self.change(
                "k",
                from: versions[1],
                versions[2],
                "three",
                due: Timestamp(seconds: 9_000_000_000)
            )
            _ = try await store.commit([later], of: "m")
            #expect(try await overdue() == [])
            _ = try await store.commit(
                [Self.change("k", from: versions[2], versions[3], "four", due: Self.now)],
                of: "m"
            )
            #expect(try await overdue() == ["four"])
            let never = Self.change("k", from: versions[3], MachineVersion(number: 5, tag: 1), "five")
            _ = try await store.commit([never], of: "m")
            #expect(try await overdue() == [])
        }
    }

    @Test func `a machine writes anew when a key is due only if that has changed, or somebody else has written`()
        async throws
    {
        try await SharedMachinesTests.withServedCommands { commands, _ in
            let store = RedisMachineStore(commands: commands, namespace: "tests")
            let pair = [Replica(store), Replica(store)]
            func take(_ replica: Int, _ time: Int, _ type: String) async {
                _ = await pair[replica].take(Step(time: time, type: type, payload: ["run_id": "r1", "trace_id": "t"]))
            }
            func due() async throws -> String? {
                let due = "aos:{tests}:machine:contract:due"
                return try await commands.send(RedisCommand("ZSCORE", due, "r1")).text
            }
            await take(0, 0, "run.started")
            let first = try await due()
            #expect(first == "\((Step.start + .seconds(5)).microseconds)")
            _ = try await commands.send(RedisCommand("ZREM", "aos:{tests}:machine:contract:due", "r1"))
            // The first of three that are due at one time.
            await take(0, 10, "incident.created")
            #expect(try await due() == nil)
            // Not known to this one, which did not write it.
            await pair[1].begin()
            await take(1, 20, "policy.evaluated")
            #expect(try await due() == first)
            await take(1, 30, "trace.started")
            #expect(try await due() == "\((Step.start + .seconds(11)).microseconds)")
        }
    }

    /// Reactors of several versions share it while they are exchanged one after the other.
    @Test func `the form of what is kept is that of all versions`() async throws {
        try await SharedMachinesTests.withServedCommands { commands, _ in
            let store = RedisMachineStore(commands: commands, namespace: "tests")
            let version = MachineVersion(number: 0x1F, tag: 0xABCD_EF01)
            _ = try await store.commit([Self.change("k", version, "state", due: Self.now)], of: "m")
            let bytes = try await commands.send(RedisCommand("HGET", "aos:{tests}:machine:m:states", "k")).text
            #expect(bytes == "0000001fabcdef01state")
            let score = try await commands.send(RedisCommand("ZSCORE", "aos:{tests}:machine:m:due", "k")).text
            #expect(score == "1700000000000000")
            _ = try await commands.send(
                RedisCommand("HSET", "aos:{tests}:machine:m:states", "k", "00000020000000ffanother's")
            )
            let others = StoredKey(
                key: "k",
                version: MachineVersion(number: 0x20, tag: 0xFF),
                bytes: Array("another's".utf8)
            )
            let next = MachineVersion(number: 0x20, tag: 1)
            #expect(
                try await store.commit([Self.change("k", from: version, next, "late")], of: "m") == [.conflict(others)]
            )
        }
    }
}
