import Events
import Reactions

/// A value of a column.
enum HistoryCell: Sendable, Hashable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
}

/// A row as databases and spilled files hold it: redacted, bounded, and free of what a database cannot hold.
///
/// Its cells are kept as the bytes that they have in a spilled file: one piece of memory a row, from which both a file and
/// a database are given them without anything in between.
struct StoredRow: Sendable, Hashable {
    let table: HistoryTable
    let cellCount: Int
    /// The cells, one behind the other.
    let bytes: [UInt8]

    /// Place of the revision among the cells of a run.
    private static let revisionIndex = 4
    /// Places of the agent, the outcome and the end.
    private static let keptIndexes = 6...8

    /// - Parameter bytes: so many whole cells.
    init(table: HistoryTable, cellCount: Int, bytes: [UInt8]) {
        self.table = table
        self.cellCount = cellCount
        self.bytes = bytes
    }

    init(table: HistoryTable, cells: [HistoryCell]) {
        var bytes: [UInt8] = []
        for cell in cells { bytes.append(cell) }
        self.init(table: table, cellCount: cells.count, bytes: bytes)
    }

    var cells: [HistoryCell] {
        self.withCells { reader in
            var cells: [HistoryCell] = []
            cells.reserveCapacity(self.cellCount)
            while let cell = reader.next() { cells.append(cell.value) }
            return cells
        }
    }

    /// Gives the cells in their order, where they stand.
    func withCells<Result>(_ body: (inout PlacedCells) throws -> Result) rethrows -> Result {
        try self.bytes.withUnsafeBytes { bytes in
            var reader = PlacedCells(bytes)
            return try body(&reader)
        }
    }

    /// Which of two rows with the same key is kept, if that can change at all.
    private var revision: Int64? {
        guard self.table == .runs else { return nil }
        return self.withCells { cells in
            for _ in 0..<Self.revisionIndex { _ = cells.next() }
            guard case .integer(let revision) = cells.next() else { return nil }
            return revision
        }
    }

    /// The rows of each table that has some, in the order in which they came.
    static func byTable(_ rows: [StoredRow]) -> [(table: HistoryTable, rows: [StoredRow])] {
        var byNumber = [[StoredRow]](repeating: [], count: 1 + Int(HistoryTable.allCases.map(\.rawValue).max() ?? 0))
        for row in rows { byNumber[Int(row.table.rawValue)].append(row) }
        return HistoryTable.allCases.compactMap { table in
            let own = byNumber[Int(table.rawValue)]
            return own.isEmpty ? nil : (table, own)
        }
    }

    /// Rows of one table in the order of their keys, each key once: a statement must not touch a row twice, and two
    /// writers that lock rows in the same order do not wait for each other in a circle.
    static func merged(_ rows: [StoredRow]) -> [StoredRow] {
        let order = rows.indices.sorted { first, second in
            let order = rows[first].compareKey(to: rows[second])
            return order == 0 ? first < second : order < 0
        }
        var kept: [StoredRow] = []
        kept.reserveCapacity(rows.count)
        for index in order {
            let row = rows[index]
            guard let earlier = kept.last, earlier.compareKey(to: row) == 0 else {
                kept.append(row)
                continue
            }
            // Of two at one time the one that was recorded later knows more.
            if let revision = row.revision, revision >= earlier.revision ?? .min {
                kept[kept.count - 1] = row.filled(from: earlier)
            }
        }
        return kept
    }

    /// The agent, the outcome and the end of a run stay when a later row does not say them.
    private func filled(from earlier: StoredRow) -> StoredRow {
        guard self.table == .runs else { return self }
        var cells = self.cells
        let known = earlier.cells
        for index in Self.keptIndexes where cells[index] == .null { cells[index] = known[index] }
        return StoredRow(table: self.table, cells: cells)
    }

    /// Compares run and id, byte by byte: texts that look alike are equal to Swift, and two rows to a database.
    ///
    /// - Returns: Less than zero when this key comes first, zero for the same one.
    private func compareKey(to other: StoredRow) -> Int {
        self.withCells { mine in
            other.withCells { theirs in
                for _ in 0..<2 {
                    guard case .text(let first) = mine.next(), case .text(let second) = theirs.next() else { return 0 }
                    let order = first.compare(to: second)
                    if order != 0 { return order }
                }
                return 0
            }
        }
    }
}

/// Texts as every database can hold them. U+0000 is what PostgreSQL refuses and SQLite ends texts at; it is written as
/// U+001A `0`, and U+001A, which nobody uses, as U+001A `1`, so that no two texts become one.
enum StoredText {
    private static let escape: UInt8 = 0x1A

    static func encoded(_ text: String) -> String {
        var plain = text
        guard plain.withUTF8(Self.needsEscapes) else { return text }
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0: bytes += [Self.escape, UInt8(ascii: "0")]
            case Self.escape: bytes += [Self.escape, UInt8(ascii: "1")]
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func needsEscapes(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        for byte in text where byte == 0 || byte == Self.escape { return true }
        return false
    }

    static func decoded(_ text: String) -> String {
        guard text.utf8.contains(Self.escape) else { return text }
        var bytes: [UInt8] = []
        var isEscaped = false
        for byte in text.utf8 {
            if isEscaped {
                bytes.append(byte == UInt8(ascii: "0") ? 0 : Self.escape)
                isEscaped = false
            } else if byte == Self.escape {
                isEscaped = true
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Puts the cells of a row together.
struct CellWriter {
    /// Bytes that a text of a row may have; longer ones end with three dots.
    private static let maxTextBytes = 8 * 1024

    private(set) var bytes: [UInt8] = []
    private(set) var count = 0

    init() {
        // Most rows have less; one that has more makes room for itself.
        self.bytes.reserveCapacity(224)
    }

    /// A key, or a word of ours: stored as it is, since looking for it must find it.
    mutating func identifier(_ text: String) {
        if self.appendPlain(text, atMost: ClippedText.identifierBytes, mayBeSecret: false) { return }
        self.append(.text(StoredText.encoded(ClippedText.identifier(text))))
    }

    /// What somebody wrote: without secrets.
    mutating func text(_ text: String?) {
        guard let text else { return self.append(.null) }
        if self.appendPlain(text, atMost: Self.maxTextBytes, mayBeSecret: true) { return }
        let kept = Redaction.redacted(ClippedText.text(text, Self.maxTextBytes))
        self.append(.text(StoredText.encoded(kept)))
    }

    mutating func excerpt(_ text: String) {
        let kept = Redaction.redacted(excerpt: ClippedText.text(text, Self.maxTextBytes))
        self.append(.text(StoredText.encoded(kept)))
    }

    mutating func json(_ value: JSONValue) {
        if case .null = value { return self.append(.null) }
        self.count += 1
        // JSON escapes what a database cannot hold.
        self.bytes.appendText { BoundedDetails.bounded(Redaction.redacted(value)).write(into: &$0) }
    }

    mutating func integer(_ value: Int64?) { self.append(value.map { .integer($0) } ?? .null) }

    mutating func integer(_ value: Int?) { self.integer(value.map { Int64($0) }) }

    mutating func flag(_ value: Bool) { self.append(.integer(value ? 1 : 0)) }

    mutating func time(_ value: Timestamp?) { self.integer(value?.microseconds) }

    /// What no database orders is stored as zero.
    mutating func real(_ value: Double) { self.append(.real(value.isFinite ? value : 0)) }

    /// Appends a text in which there is nothing to be changed, as in nearly all of them.
    ///
    /// - Returns: False for one that must be looked at.
    private mutating func appendPlain(_ text: String, atMost limit: Int, mayBeSecret: Bool) -> Bool {
        var text = text
        return text.withUTF8 { utf8 in
            guard utf8.count <= limit, !StoredText.needsEscapes(utf8), !mayBeSecret || !Redaction.mayHoldSecrets(utf8)
            else { return false }
            self.count += 1
            self.bytes.appendText(utf8)
            return true
        }
    }

    private mutating func append(_ cell: HistoryCell) {
        self.count += 1
        self.bytes.append(cell)
    }
}

/// Takes the cells of a row apart, in the order in which they were written. What is not as expected reads as empty:
/// history is shown, nothing is decided by it.
struct CellReader {
    private var cells: ArraySlice<HistoryCell>

    init(_ cells: [HistoryCell]) {
        self.cells = cells[...]
    }

    mutating func optionalText() -> String? {
        guard case .text(let text) = self.cells.popFirst() else { return nil }
        return StoredText.decoded(text)
    }

    mutating func text() -> String { self.optionalText() ?? "" }

    mutating func optionalInteger() -> Int64? {
        guard case .integer(let value) = self.cells.popFirst() else { return nil }
        return value
    }

    mutating func integer() -> Int64 { self.optionalInteger() ?? 0 }

    mutating func real() -> Double {
        switch self.cells.popFirst() {
        case .real(let value): value
        case .integer(let value): Double(value)
        case .text, .null, nil: 0
        }
    }

    mutating func time() -> Timestamp { Timestamp(microseconds: self.integer()) }

    mutating func optionalTime() -> Timestamp? { self.optionalInteger().map { Timestamp(microseconds: $0) } }

    mutating func json() -> JSONValue {
        guard let text = self.optionalText() else { return .null }
        return (try? JSONValue.parse(text)) ?? .string(text)
    }

    mutating func severity() -> Severity { Severity(rawValue: self.text()) ?? .low }
}
