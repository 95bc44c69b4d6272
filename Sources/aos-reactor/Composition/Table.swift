/// Columns for a terminal: as wide as their widest cell, two spaces apart.
struct Table {
    private var rows: [[String]]

    init(_ head: [String]) {
        self.rows = [head]
    }

    mutating func add(_ row: [String]) { self.rows.append(row) }

    var text: String {
        let columns = self.rows[0].count
        let widths = (0..<columns).map { column in self.rows.map { $0[column].count }.max() ?? 0 }
        return self.rows.map { row in
            row.enumerated().map { index, cell in
                index == columns - 1 ? cell : cell + String(repeating: " ", count: widths[index] - cell.count)
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}
