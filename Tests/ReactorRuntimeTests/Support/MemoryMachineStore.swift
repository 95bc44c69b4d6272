import Events
import Reactions
import Synchronization

/// Keeps what several reactors of one test share in memory, and counts what is asked of it.
final class MemoryMachineStore: MachineStore {
    struct Counts: Sendable, Equatable {
        /// Changes that were written down.
        var written = 0
        /// Changes that were refused, for somebody else had written.
        var refused = 0
    }

    private struct State {
        var kept: [String: [ExactText: (version: MachineVersion, bytes: [UInt8])]] = [:]
        var counts = Counts()
    }

    private let state = Mutex(State())

    var counts: Counts { self.state.withLock { $0.counts } }

    /// How many keys are kept of a machine.
    func count(of machine: String) -> Int { self.state.withLock { $0.kept[machine]?.count ?? 0 } }

    func commit(_ changes: [MachineChange], of machine: String) async throws -> [MachineCommit] {
        self.state.withLock { state in
            changes.map { change in
                let key = ExactText(change.key)
                let stored = state.kept[machine]?[key]
                guard stored?.version == change.known else {
                    state.counts.refused += 1
                    return .conflict(stored.map { StoredKey(key: change.key, version: $0.version, bytes: $0.bytes) })
                }
                state.counts.written += 1
                state.kept[machine, default: [:]][key] = change.state.map { (change.version, $0.bytes) }
                return .written
            }
        }
    }

    func load(_ machine: String, _ take: ([StoredKey]) -> Void) async throws {
        let kept = self.state.withLock { $0.kept[machine] ?? [:] }
        take(kept.map { StoredKey(key: $0.key.text, version: $0.value.version, bytes: $0.value.bytes) })
    }

    func overdue(_ machine: String, by age: Duration, limit: Int) async throws -> [StoredKey] { [] }
    func confirm(_ tellings: [MachineVersion]) async throws {}
    func unconfirmed(for age: Duration, limit: Int) async throws -> [StoredTelling] { [] }
    func noteAlive() async throws -> (now: Timestamp, before: Timestamp?) { (Timestamp(seconds: 0), nil) }
}
