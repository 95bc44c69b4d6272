import Glibc

/// Finds a piece of a wildcard pattern in a value, in time linear in the value whatever both of them are (Knuth, Morris
/// and Pratt).
enum PieceSearch {
    /// For each prefix of `piece` the length of the longest shorter prefix that the prefix ends with.
    static func borders(of piece: [UInt8]) -> [Int32] {
        var borders = [Int32](repeating: 0, count: piece.count)
        var length = 0
        for index in piece.indices.dropFirst() {
            while length > 0, piece[index] != piece[length] { length = Int(borders[length - 1]) }
            if piece[index] == piece[length] { length += 1 }
            borders[index] = Int32(length)
        }
        return borders
    }

    /// - Returns: The offset behind the first occurrence.
    static func end(
        of piece: UnsafePointer<UInt8>,
        count: Int,
        borders: UnsafePointer<Int32>,
        in value: UnsafePointer<UInt8>,
        count valueCount: Int
    ) -> Int? {
        guard count > 0 else { return 0 }
        var matched = 0
        var index = 0
        while index < valueCount {
            if matched == 0 {
                guard let first = memchr(value + index, Int32(piece[0]), valueCount - index) else { return nil }
                index = UnsafePointer(first.assumingMemoryBound(to: UInt8.self)) - value + 1
                matched = 1
            } else if value[index] == piece[matched] {
                matched += 1
                index += 1
            } else {
                matched = Int(borders[matched - 1])
                continue
            }
            if matched == count { return index }
        }
        return nil
    }
}
