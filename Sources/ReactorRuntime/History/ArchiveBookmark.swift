import FoundationEssentials

/// Remembers in a file up to where receipts were taken to history.
package struct ArchiveBookmark: Sendable {
    private let path: String
    /// Which receipts and which history are meant; a bookmark of others says nothing.
    private let subject: String

    package init(path: String, subject: String) {
        self.path = path
        self.subject = subject
    }

    /// Nil when there is none, or one of other receipts.
    package func read() -> String? {
        guard let data = FileManager.default.contents(atPath: self.path) else { return nil }
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
        guard lines.count == 2, lines[0] == self.subject else { return nil }
        return String(lines[1])
    }

    /// - Throws: what the file system says. The bookmark before it stays then.
    package func write(_ cursor: String) throws {
        try Data("\(self.subject)\n\(cursor)\n".utf8).write(to: URL(filePath: self.path), options: .atomic)
    }
}
