/// A statement with its parameters, which are `$1`, `$2`, ... in its text.
package struct PostgresStatement: Sendable {
    package var sql: String
    package var parameters: [PostgresValue]

    package init(_ sql: String, _ parameters: [PostgresValue] = []) {
        self.sql = sql
        self.parameters = parameters
    }
}

/// A parameter. Arrays are what `unnest` makes rows of, one array a column.
package enum PostgresValue: Sendable, Hashable {
    case null
    /// Must not hold U+0000, which PostgreSQL refuses in texts.
    case text(String)
    case integer(Int64)
    case double(Double)
    case texts([String?])
    case integers([Int64?])
    case doubles([Double?])

    /// The number of the type in PostgreSQL's catalogue (`pg_type.dat`); 0 lets the server infer it.
    var type: UInt32 {
        switch self {
        case .null: 0
        case .text: 25
        case .integer: 20
        case .double: 701
        case .texts: 1009
        case .integers: 1016
        case .doubles: 1022
        }
    }

    /// Appends the value in PostgreSQL's binary format: numbers in network order, texts as they are.
    func write(into bytes: inout [UInt8]) {
        switch self {
        case .null: break
        case .text(let text): bytes.append(contentsOf: text.utf8)
        case .integer(let value): bytes.append(bigEndian: value)
        case .double(let value): bytes.append(bigEndian: value.bitPattern)
        case .texts(let elements):
            bytes.appendArray(elements, elementType: 25) { bytes, text in
                let start = bytes.count
                bytes.append(bigEndian: Int32(0))
                bytes.append(contentsOf: text.utf8)
                // The length is known now: counting the bytes of a text beforehand would walk over it twice.
                let length = UInt32(bytes.count - start - 4)
                for index in 0..<4 { bytes[start + index] = UInt8(truncatingIfNeeded: length >> (24 - 8 * index)) }
            }
        case .integers(let elements):
            bytes.appendArray(elements, elementType: 20) { bytes, value in
                bytes.append(bigEndian: Int32(8))
                bytes.append(bigEndian: value)
            }
        case .doubles(let elements):
            bytes.appendArray(elements, elementType: 701) { bytes, value in
                bytes.append(bigEndian: Int32(8))
                bytes.append(bigEndian: value.bitPattern)
            }
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(bigEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { self.append(contentsOf: $0) }
    }

    /// `array_send` of the server: dimensions, whether nulls may occur, element type, size and lower bound; then each
    /// element behind its length, which is -1 for a null.
    fileprivate mutating func appendArray<Item>(
        _ elements: [Item?],
        elementType: UInt32,
        _ appendElement: (inout [UInt8], Item) -> Void
    ) {
        self.append(bigEndian: Int32(elements.isEmpty ? 0 : 1))
        self.append(bigEndian: Int32(1))
        self.append(bigEndian: elementType)
        guard !elements.isEmpty else { return }
        self.append(bigEndian: Int32(elements.count))
        self.append(bigEndian: Int32(1))
        for element in elements {
            if let element {
                appendElement(&self, element)
            } else {
                self.append(bigEndian: Int32(-1))
            }
        }
    }
}

/// What one statement answered.
package struct PostgresAnswer: Sendable, Hashable {
    /// The texts of the columns, row by row.
    package var rows: [[String?]] = []
    /// Rows that the statement inserted, updated, deleted or returned.
    package var affected = 0

    package init() {}

    /// The first column of the first row.
    package var first: String? { self.rows.first?.first ?? nil }
}
