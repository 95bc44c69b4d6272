/// A `wildcard` pattern, cut at its stars: `a*b*c` is `a`, `b`, `c`. Each star stands for any bytes, none included.
package struct Glob: Sendable, Hashable {
    /// As it was written, escapes included.
    package let text: String
    /// One more than there are stars. Only the first and the last can be empty.
    let pieces: [[UInt8]]

    /// Why a text is not a wildcard pattern; the offset counts bytes from 0.
    enum Refusal: Error, Equatable {
        case consecutiveStars(Int)
        case escape(Int)
    }

    init(_ text: String) throws(Refusal) {
        var pieces: [[UInt8]] = [[]]
        let bytes = Array(text.utf8)
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "*"):
                if index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "*") { throw .consecutiveStars(index) }
                pieces.append([])
            case UInt8(ascii: "\\"):
                guard index + 1 < bytes.count,
                    bytes[index + 1] == UInt8(ascii: "*") || bytes[index + 1] == UInt8(ascii: "\\")
                else { throw .escape(index) }
                index += 1
                pieces[pieces.count - 1].append(bytes[index])
            default:
                pieces[pieces.count - 1].append(bytes[index])
            }
            index += 1
        }
        self.text = text
        self.pieces = pieces
    }

    var starCount: Int { self.pieces.count - 1 }
    var isLiteral: Bool { self.pieces.count == 1 }

    package static func == (lhs: Glob, rhs: Glob) -> Bool { lhs.pieces == rhs.pieces }

    package func hash(into hasher: inout Hasher) { hasher.combine(self.pieces) }
}
