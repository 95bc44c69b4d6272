/// How rows stand in a spilled file: a header, then pieces of a length, a checksum and that many bytes. A piece that was
/// not written to its end, or was changed on disk, is recognized as such.
enum SpillFormat {
    /// Changed with the format; files of another one are left alone.
    static let header = Array("AOSHIST1".utf8)
    /// Length and checksum before each piece.
    static let pieceHeaderBytes = 8
    /// A piece is never longer, so that a damaged length does not lead to reading a whole disk.
    static let maxPieceBytes = 256 << 20

    static func piece(_ rows: [StoredRow]) -> [UInt8] {
        var body: [UInt8] = []
        body.appendNumber(UInt32(rows.count))
        for row in rows {
            body.append(row.table.rawValue)
            body.append(UInt8(row.cells.count))
            for cell in row.cells { body.append(cell) }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(body.count + Self.pieceHeaderBytes)
        bytes.appendNumber(UInt32(body.count))
        bytes.appendNumber(CRC32.checksum(body))
        bytes.append(contentsOf: body)
        return bytes
    }

    /// Nil for bytes that no version has written.
    static func rows(_ body: [UInt8]) -> [StoredRow]? {
        var reader = ByteReader(body)
        guard let count = reader.number(UInt32.self) else { return nil }
        var rows: [StoredRow] = []
        for _ in 0..<count {
            guard let table = reader.byte().flatMap({ HistoryTable(rawValue: $0) }), let cellCount = reader.byte(),
                cellCount >= 4, Int(cellCount) <= table.columns.count
            else { return nil }
            var cells: [HistoryCell] = []
            for _ in 0..<cellCount {
                guard let cell = reader.cell() else { return nil }
                cells.append(cell)
            }
            rows.append(StoredRow(table: table, cells: cells))
        }
        return reader.isAtEnd ? rows : nil
    }
}

extension [UInt8] {
    fileprivate mutating func appendNumber(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { self.append(contentsOf: $0) }
    }

    fileprivate mutating func append(_ cell: HistoryCell) {
        switch cell {
        case .null: self.append(0)
        case .integer(let value):
            self.append(1)
            self.appendNumber(value)
        case .real(let value):
            self.append(2)
            self.appendNumber(value.bitPattern)
        case .text(let text):
            self.append(3)
            self.appendNumber(UInt32(text.utf8.count))
            self.append(contentsOf: text.utf8)
        }
    }
}

/// Reads numbers and texts one after the other; nil at the end.
struct ByteReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { self.position == self.bytes.count }

    mutating func byte() -> UInt8? {
        guard self.position < self.bytes.count else { return nil }
        defer { self.position += 1 }
        return self.bytes[self.position]
    }

    mutating func number<Number: FixedWidthInteger>(_: Number.Type) -> Number? {
        let size = MemoryLayout<Number>.size
        guard self.bytes.count - self.position >= size else { return nil }
        defer { self.position += size }
        let value = self.bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: self.position, as: Number.self) }
        return Number(littleEndian: value)
    }

    mutating func cell() -> HistoryCell? {
        switch self.byte() {
        case 0: return .null
        case 1: return self.number(Int64.self).map { .integer($0) }
        case 2: return self.number(UInt64.self).map { .real(Double(bitPattern: $0)) }
        case 3:
            guard let count = self.number(UInt32.self), self.bytes.count - self.position >= Int(count) else {
                return nil
            }
            defer { self.position += Int(count) }
            return .text(String(decoding: self.bytes[self.position..<(self.position + Int(count))], as: UTF8.self))
        default: return nil
        }
    }
}

/// The checksum of Ethernet and zip (polynomial 0x04C11DB7, reflected).
enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
    }

    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { Self.table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8 }
    }
}
