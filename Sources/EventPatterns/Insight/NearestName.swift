/// Finds what somebody probably meant to write.
package enum NearestName {
    /// The one name that is nearest to `name`, if it is near enough: two edits, or one in names of up to four bytes.
    package static func find(_ name: String, among names: [String]) -> String? {
        let limit = name.utf8.count <= 4 ? 1 : 2
        return names.map { ($0, Self.distance(name, $0)) }
            .filter { $0.1 > 0 && $0.1 <= limit }
            .min { $0.1 < $1.1 }?.0
    }

    /// How many bytes must be inserted, removed, replaced, or swapped with their neighbour to get from `a` to `b`.
    package static func distance(_ a: String, _ b: String) -> Int {
        let a = Array(a.utf8)
        let b = Array(b.utf8)
        guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
        // Three rows of the table: the one before the last is needed for swaps.
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for row in 1...a.count {
            var current = [row]
            for column in 1...b.count {
                let replaced = last[column - 1] + (a[row - 1] == b[column - 1] ? 0 : 1)
                var best = min(replaced, last[column] + 1, current[column - 1] + 1)
                if row > 1, column > 1, a[row - 1] == b[column - 2], a[row - 2] == b[column - 1] {
                    best = min(best, beforeLast[column - 2] + 1)
                }
                current.append(best)
            }
            (beforeLast, last) = (last, current)
        }
        return last[b.count]
    }
}
