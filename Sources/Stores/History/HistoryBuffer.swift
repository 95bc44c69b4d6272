import DequeModule
import Reactions

/// Rows that are not stored yet: a bounded line, from whose head two workers take (one writes to the database, one to
/// disk), and which knows up to where everything is stored.
struct HistoryBuffer {
    /// What a worker has taken: numbered rows that are not stored until it says so.
    struct Chunk: Sendable {
        fileprivate let entries: [Entry]

        var rows: [HistoryRow] { self.entries.map(\.row) }
        var count: Int { self.entries.count }
        fileprivate var first: UInt64 { self.entries[0].number }
    }

    fileprivate struct Entry: Sendable {
        let number: UInt64
        let row: HistoryRow
    }

    /// Rows in line and taken ones.
    let limit: Int
    private var line: Deque<Entry> = []
    private var next: UInt64 = 0
    /// The first numbers of the chunks that are out, with their sizes.
    private var out: [UInt64: Int] = [:]

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
        let taken = rows.prefix(max(0, self.limit - self.count))
        for row in taken {
            self.line.append(Entry(number: self.next, row: row))
            self.next += 1
        }
        return taken.count
    }

    /// The first rows in line; nil when there are none.
    mutating func take(_ most: Int) -> Chunk? {
        guard !self.line.isEmpty else { return nil }
        // Numbers of a chunk follow each other, so that the first and the size tell all of them.
        var entries: [Entry] = []
        while entries.count < most, let entry = self.line.first {
            if let last = entries.last, entry.number != last.number + 1 { break }
            entries.append(entry)
            self.line.removeFirst()
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
