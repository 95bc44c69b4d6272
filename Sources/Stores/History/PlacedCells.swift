import Glibc

/// What a cell begins with. The raw values stand in spilled rows and never change.
enum CellKind: UInt8 {
    case null = 0
    /// Eight bytes, the lowest first, as those of a real number and the four of a text's length.
    case integer = 1
    case real = 2
    /// Its length, then its UTF-8.
    case text = 3
}

/// A cell where it stands among the bytes of a row.
enum PlacedCell {
    case null
    case integer(Int64)
    case real(Double)
    case text(PlacedText)

    var value: HistoryCell {
        switch self {
        case .null: .null
        case .integer(let value): .integer(value)
        case .real(let value): .real(value)
        case .text(let text): .text(String(decoding: text.bytes, as: UTF8.self))
        }
    }
}

/// The UTF-8 of a text where it stands. Even an empty one has a place.
struct PlacedText {
    let start: UnsafeRawPointer
    let count: Int

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: self.start, count: self.count) }

    /// Byte by byte; a text comes before those that it is the beginning of.
    func compare(to other: PlacedText) -> Int {
        let order = memcmp(self.start, other.start, min(self.count, other.count))
        return order == 0 ? self.count - other.count : Int(order)
    }
}

/// Walks over the cells of a row.
struct PlacedCells {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    /// - Parameter bytes: whole cells.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// Nil at the end.
    mutating func next() -> PlacedCell? {
        guard self.position < self.bytes.count, let kind = CellKind(rawValue: self.bytes[self.position]) else {
            return nil
        }
        self.position += 1
        switch kind {
        case .null: return .null
        case .integer: return .integer(self.number(Int64.self))
        case .real: return .real(Double(bitPattern: self.number(UInt64.self)))
        case .text:
            let count = Int(self.number(UInt32.self))
            defer { self.position += count }
            let text = UnsafeRawBufferPointer(rebasing: self.bytes[self.position..<(self.position + count)])
            return text.baseAddress.map { .text(PlacedText(start: $0, count: count)) }
        }
    }

    private mutating func number<Number: FixedWidthInteger>(_: Number.Type) -> Number {
        defer { self.position += MemoryLayout<Number>.size }
        return Number(littleEndian: self.bytes.loadUnaligned(fromByteOffset: self.position, as: Number.self))
    }
}

extension [UInt8] {
    mutating func appendNumber(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { self.append(contentsOf: $0) }
    }

    mutating func append(_ cell: HistoryCell) {
        switch cell {
        case .null: self.append(CellKind.null.rawValue)
        case .integer(let value):
            self.append(CellKind.integer.rawValue)
            self.appendNumber(value)
        case .real(let value):
            self.append(CellKind.real.rawValue)
            self.appendNumber(value.bitPattern)
        case .text(var text):
            text.withUTF8 { self.appendText($0) }
        }
    }

    /// Appends a cell with a text, UTF-8.
    mutating func appendText(_ text: UnsafeBufferPointer<UInt8>) {
        self.append(CellKind.text.rawValue)
        self.appendNumber(UInt32(text.count))
        self.append(contentsOf: text)
    }

    /// Appends a cell with the text that the closure appends.
    mutating func appendText(_ write: (inout [UInt8]) -> Void) {
        self.append(CellKind.text.rawValue)
        let start = self.count
        self.appendNumber(UInt32(0))
        write(&self)
        // The length is known now.
        let length = UInt32(self.count - start - 4)
        for index in 0..<4 { self[start + index] = UInt8(truncatingIfNeeded: length >> (8 * index)) }
    }
}
