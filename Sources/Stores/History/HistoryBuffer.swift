import DequeModule
import Reactions

/// Rows that are not stored yet: a bounded line, from whose head two workers take (one writes to the database, one to
/// disk), and which knows up to where everything is stored. What is known of a run is in line once: news take the place of
/// what waits.
struct HistoryBuffer {
    /// What a worker has taken: numbered rows that are not stored until it says so.
    struct Chunk: Sendable {
        fileprivate let entries: [Entry]

        var rows: [HistoryRow] { self.entries.map(\.row) }
        /// The rows as they are stored.
        var stored: [StoredRow] { self.entries.map { StoredRow($0.row) } }
        var count: Int { self.entries.count }
        fileprivate var first: UInt64 { self.entries[0].number }
    }

    fileprivate struct Entry: Sendable {
        let number: UInt64
        var row: HistoryRow
    }

    /// Rows in line and taken ones.
    let limit: Int
    private var line: Deque<Entry> = []
    private var next: UInt64 = 0
    /// The first numbers of the chunks that are out, with their sizes.
    private var out: [UInt64: Int] = [:]
    /// The numbers of those in line that say how a run stands.
    private var runs: [ExactText: UInt64] = [:]
    /// Rows that took the place of others.
    private(set) var merged = 0

    init(limit: Int) {
        self.limit = limit
    }

    /// Rows in line.
    var waiting: Int { self.line.count }
    /// Rows that are not stored.
    var count: Int { self.line.count + self.out.values.reduce(0, +) }
    /// Every row with a smaller number is stored.
    var storedUpTo: UInt64 { min(self.line.first?.number ?? self.next, self.out.keys.min() ?? self.next) }
    /// The number of the next row.
    var end: UInt64 { self.next }

    /// Takes rows in while there is room; returns how many.
    mutating func append(_ rows: [HistoryRow]) -> Int {
        var room = self.limit - self.count
        for (taken, row) in rows.enumerated() {
            if self.merge(row) { continue }
            guard room > 0 else { return taken }
            room -= 1
            if row.isRun { self.runs[ExactText(row.runID)] = self.next }
            self.line.append(Entry(number: self.next, row: row))
            self.next += 1
        }
        return rows.count
    }

    /// Puts news of a run in the place of what waits of it.
    private mutating func merge(_ row: HistoryRow) -> Bool {
        guard row.isRun, let number = self.runs[ExactText(row.runID)], let place = self.place(of: number) else {
            return false
        }
        if let news = row.replacing(self.line[place].row) { self.line[place].row = news }
        self.merged += 1
        return true
    }

    /// Numbers grow along the line, with gaps where some are out.
    private func place(of number: UInt64) -> Int? {
        var (low, high) = (self.line.startIndex, self.line.endIndex)
        while low < high {
            let middle = (low + high) / 2
            if self.line[middle].number < number { low = middle + 1 } else { high = middle }
        }
        return low < self.line.endIndex && self.line[low].number == number ? low : nil
    }

    /// The first rows in line; nil when there are none.
    mutating func take(_ most: Int) -> Chunk? {
        guard !self.line.isEmpty else { return nil }
        // Numbers of a chunk follow each other, so that the first and the size tell all of them.
        var entries: [Entry] = []
        entries.reserveCapacity(min(most, self.line.count))
        while entries.count < most, let entry = self.line.first {
            if let last = entries.last, entry.number != last.number + 1 { break }
            entries.append(entry)
            self.line.removeFirst()
            guard entry.row.isRun else { continue }
            let run = ExactText(entry.row.runID)
            if self.runs[run] == entry.number { self.runs[run] = nil }
        }
        let chunk = Chunk(entries: entries)
        self.out[chunk.first] = chunk.count
        return chunk
    }

    /// The chunk is stored.
    mutating func settle(_ chunk: Chunk) { self.out[chunk.first] = nil }

    /// The chunk could not be stored: it goes back to its place in line.
    mutating func putBack(_ chunk: Chunk) {
        self.out[chunk.first] = nil
        let place = self.line.firstIndex { $0.number > chunk.first } ?? self.line.endIndex
        self.line.insert(contentsOf: chunk.entries, at: place)
    }
}
