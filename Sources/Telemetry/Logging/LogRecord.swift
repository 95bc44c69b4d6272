import Logging

/// One line before it is written out.
struct LogRecord {
    /// Since 1970.
    var microseconds: Int64
    var level: Logger.Level
    var message: String
    var metadata: Logger.Metadata = [:]
    var error: (any Error)?

    /// The fields in the order in which they are written, the error last. Names that a line uses itself get a `_`.
    var fields: [(name: String, value: Logger.MetadataValue)] {
        var fields = self.metadata.map { name, value in
            (name: Self.reserved.contains(name) ? "_" + name : name, value: value)
        }
        fields.sort { $0.name < $1.name }
        if let error = self.error, self.metadata["error"] == nil {
            fields.append((name: "error", value: "\(error)"))
        }
        return fields
    }

    private static let reserved: Set<String> = ["ts", "level", "msg", "truncated"]

    /// Longest line in bytes; fields that no longer fit are left out.
    static let lineLimit = 32_768
    /// How deep metadata is written; what is deeper becomes `...`.
    static let depthLimit = 6
    /// Most elements of a list or dictionary that are written.
    static let elementLimit = 64
}
