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
        var bytes: [UInt8] = []
        bytes.reserveCapacity(rows.reduce(Self.pieceHeaderBytes + 4) { $0 + $1.bytes.count + 2 })
        // Length and checksum are known at the end.
        bytes.append(contentsOf: repeatElement(0, count: Self.pieceHeaderBytes))
        bytes.appendNumber(UInt32(rows.count))
        for row in rows {
            bytes.append(row.table.rawValue)
            bytes.append(UInt8(row.cellCount))
            bytes.append(contentsOf: row.bytes)
        }
        let body = bytes[Self.pieceHeaderBytes...]
        var header: [UInt8] = []
        header.appendNumber(UInt32(body.count))
        header.appendNumber(CRC32.checksum(body))
        bytes.replaceSubrange(..<Self.pieceHeaderBytes, with: header)
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
            guard let bytes = reader.cells(Int(cellCount)) else { return nil }
            rows.append(StoredRow(table: table, cellCount: Int(cellCount), bytes: bytes))
        }
        return reader.isAtEnd ? rows : nil
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

    /// The bytes of so many cells; nil when those are not what stands here.
    mutating func cells(_ count: Int) -> [UInt8]? {
        let start = self.position
        for _ in 0..<count {
            guard let kind = self.byte().flatMap(CellKind.init(rawValue:)) else { return nil }
            switch kind {
            case .null: break
            case .integer, .real: guard self.number(UInt64.self) != nil else { return nil }
            case .text:
                guard let count = self.number(UInt32.self), self.bytes.count - self.position >= Int(count) else {
                    return nil
                }
                self.position += Int(count)
            }
        }
        return Array(self.bytes[start..<self.position])
    }
}

/// The checksum of Ethernet and zip (polynomial 0x04C11DB7, reflected).
enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
    }

    static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(~0) { Self.table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8 }
    }
}
