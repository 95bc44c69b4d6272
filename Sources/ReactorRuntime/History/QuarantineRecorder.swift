import Events
import Reactions
import Synchronization

/// Records frames that are no events. Of a flood of them, which says nothing new, only so many a second: the rest is
/// counted, here and in the metrics of quarantine.
final class QuarantineRecorder: Sendable {
    private struct State {
        var second: Int64 = 0
        var recorded = 0
        var number: UInt64 = 0
        var skipped: UInt64 = 0
    }

    /// Frames of one second that are recorded.
    static let perSecond = 500

    private let history: any HistoryStore
    private let instance: String
    private let state = Mutex(State())

    init(history: any HistoryStore, instance: String) {
        self.history = history
        self.instance = instance
    }

    /// Frames that were left out.
    var skipped: UInt64 { self.state.withLock { $0.skipped } }

    func record(_ entry: QuarantineEntry) {
        let number = self.state.withLock { state -> UInt64? in
            let second = entry.arrivedAt.microseconds / 1_000_000
            if second != state.second {
                state.second = second
                state.recorded = 0
            }
            guard state.recorded < Self.perSecond else {
                state.skipped += 1
                return nil
            }
            state.recorded += 1
            state.number += 1
            return state.number
        }
        guard let number else { return }
        let content = QuarantineHistory(
            channel: entry.channel,
            reason: entry.reason,
            byteCount: entry.length,
            excerpt: String(decoding: entry.prefix, as: UTF8.self)
        )
        // Each reactor has its own quarantine.
        let id = "\(self.instance)@\(entry.arrivedAt.microseconds)-\(number)"
        self.history.record([
            HistoryRow(id: id, runID: "", tenant: "", at: entry.arrivedAt, content: .quarantine(content))
        ])
    }
}
