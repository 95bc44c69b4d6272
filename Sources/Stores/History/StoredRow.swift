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
struct StoredRow: Sendable, Hashable {
    let table: HistoryTable
    let cells: [HistoryCell]

    /// Place of the revision among the cells of a run.
    private static let revisionIndex = 4
    /// Places of the agent, the outcome and the end.
    private static let keptIndexes = 6...8

    init(table: HistoryTable, cells: [HistoryCell]) {
        self.table = table
        self.cells = cells
    }

    /// Which of two rows with the same key is kept, if that can change at all.
    private var revision: Int64? {
        guard self.table == .runs, case .integer(let revision) = self.cells[Self.revisionIndex] else { return nil }
        return revision
    }

    /// Rows of one table in the order of their keys, each key once: a statement must not touch a row twice, and two
    /// writers that lock rows in the same order do not wait for each other in a circle.
    static func merged(_ rows: [StoredRow]) -> [StoredRow] {
        // By bytes: texts that look alike are equal to Swift, and two rows to a database.
        var kept: [[UInt8]: StoredRow] = [:]
        for row in rows {
            let key = row.key
            guard let earlier = kept[key] else {
                kept[key] = row
                continue
            }
            // Of two at one time the one that was recorded later knows more.
            if let revision = row.revision, revision >= earlier.revision ?? .min {
                kept[key] = row.filled(from: earlier)
            }
        }
        return kept.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
    }

    /// The agent, the outcome and the end of a run stay when a later row does not say them.
    private func filled(from earlier: StoredRow) -> StoredRow {
        guard self.table == .runs else { return self }
        var cells = self.cells
        for index in Self.keptIndexes where cells[index] == .null { cells[index] = earlier.cells[index] }
        return StoredRow(table: self.table, cells: cells)
    }

    /// Run and id; a zero stands between them, which no stored text holds.
    private var key: [UInt8] {
        guard case .text(let runID) = self.cells[0], case .text(let id) = self.cells[1] else { return [] }
        return Array(runID.utf8) + [0] + Array(id.utf8)
    }
}

/// Texts as every database can hold them. U+0000 is what PostgreSQL refuses and SQLite ends texts at; it is written as
/// U+001A `0`, and U+001A, which nobody uses, as U+001A `1`, so that no two texts become one.
enum StoredText {
    private static let escape: UInt8 = 0x1A

    static func encoded(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0 || $0 == Self.escape }) else { return text }
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

    private(set) var cells: [HistoryCell] = []

    /// A key, or a word of ours: stored as it is, since looking for it must find it.
    mutating func identifier(_ text: String) {
        self.cells.append(.text(StoredText.encoded(ClippedText.identifier(text))))
    }

    /// What somebody wrote: without secrets.
    mutating func text(_ text: String?) {
        guard let text else { return self.cells.append(.null) }
        let kept = Redaction.redacted(ClippedText.text(text, Self.maxTextBytes))
        self.cells.append(.text(StoredText.encoded(kept)))
    }

    mutating func excerpt(_ text: String) {
        let kept = Redaction.redacted(excerpt: ClippedText.text(text, Self.maxTextBytes))
        self.cells.append(.text(StoredText.encoded(kept)))
    }

    mutating func json(_ value: JSONValue) {
        guard value != .null else { return self.cells.append(.null) }
        self.cells.append(.text(BoundedDetails.bounded(Redaction.redacted(value)).compactText))
    }

    mutating func integer(_ value: Int64?) { self.cells.append(value.map { .integer($0) } ?? .null) }

    mutating func integer(_ value: Int?) { self.integer(value.map { Int64($0) }) }

    mutating func flag(_ value: Bool) { self.cells.append(.integer(value ? 1 : 0)) }

    mutating func time(_ value: Timestamp?) { self.integer(value?.microseconds) }

    /// What no database orders is stored as zero.
    mutating func real(_ value: Double) { self.cells.append(.real(value.isFinite ? value : 0)) }
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
