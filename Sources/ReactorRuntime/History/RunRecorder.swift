import Reactions
import Synchronization

/// Records what machines say about runs. Events come first to their limits: while history is behind, they are left out
/// and counted, so that there is room for what was found and decided.
final class RunRecorder: Sendable {
    private let history: any HistoryStore
    private let left = Atomic<UInt64>(0)

    init(history: any HistoryStore) {
        self.history = history
    }

    /// Events that were left out.
    var skipped: UInt64 { self.left.load(ordering: .relaxed) }

    func record(_ rows: [HistoryRow]) {
        let figures = self.history.figures
        guard figures.buffered + rows.count > figures.bufferLimit / 2 else {
            self.history.record(rows)
            return
        }
        let rest = rows.filter { if case .event = $0.content { false } else { true } }
        self.left.wrappingAdd(UInt64(rows.count - rest.count), ordering: .relaxed)
        self.history.record(rest)
    }
}
