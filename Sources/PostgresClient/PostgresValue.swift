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
    /// One that was put together element by element.
    case array(PostgresArray)

    /// The number of the type in PostgreSQL's catalogue (`pg_type.dat`); 0 lets the server infer it.
    var type: UInt32 {
        switch self {
        case .null: 0
        case .text: 25
        case .integer: 20
        case .double: 701
        case .texts: 1009
        case .array(let array): array.type
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
            var array = PostgresArray(of: .text)
            for element in elements {
                if var element {
                    element.withUTF8 { array.append(UnsafeRawBufferPointer($0)) }
                } else {
                    array.appendNull()
                }
            }
            array.write(into: &bytes)
        case .array(let array): array.write(into: &bytes)
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(bigEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { self.append(contentsOf: $0) }
    }
}

/// An array that is put together element by element, in the form in which it is sent.
package struct PostgresArray: Sendable, Hashable {
    /// What the elements are; the numbers of the types in PostgreSQL's catalogue.
    package enum ElementType: UInt32, Sendable, Hashable {
        case text = 25
        case integer = 20
        case double = 701
    }

    private let elementType: ElementType
    private var count: Int32 = 0
    /// Each element behind its length, which is -1 for a null.
    private var elements: [UInt8] = []

    package init(of elementType: ElementType) {
        self.elementType = elementType
    }

    package mutating func appendNull() {
        self.count += 1
        self.elements.append(bigEndian: Int32(-1))
    }

    /// - Parameter text: UTF-8 without zeros.
    package mutating func append(_ text: UnsafeRawBufferPointer) {
        self.count += 1
        self.elements.append(bigEndian: Int32(text.count))
        self.elements.append(contentsOf: text)
    }

    package mutating func append(_ value: Int64) {
        self.count += 1
        self.elements.append(bigEndian: Int32(8))
        self.elements.append(bigEndian: value)
    }

    package mutating func append(_ value: Double) {
        self.count += 1
        self.elements.append(bigEndian: Int32(8))
        self.elements.append(bigEndian: value.bitPattern)
    }

    /// The number of its type.
    fileprivate var type: UInt32 {
        switch self.elementType {
        case .text: 1009
        case .integer: 1016
        case .double: 1022
        }
    }

    /// `array_send` of the server: dimensions, whether nulls may occur, element type, size and lower bound; then the
    /// elements.
    fileprivate func write(into bytes: inout [UInt8]) {
        bytes.append(bigEndian: Int32(self.count == 0 ? 0 : 1))
        bytes.append(bigEndian: Int32(1))
        bytes.append(bigEndian: self.elementType.rawValue)
        guard self.count > 0 else { return }
        bytes.append(bigEndian: self.count)
        bytes.append(bigEndian: Int32(1))
        bytes.append(contentsOf: self.elements)
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
