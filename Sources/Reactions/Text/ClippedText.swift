import Events

/// Text from the wire is as long as a producer likes; what is kept of it in memory is not.
package enum ClippedText {
    /// Run, tenant, event ids and keys of alerts.
    package static let identifierBytes = 512
    /// Summaries of alerts and lines of the log.
    package static let summaryBytes = 2048

    /// An identifier within its bound. A longer one keeps its beginning and is told apart by a hash of the whole, so
    /// that two long ones stay two.
    package static func identifier(_ text: String) -> String {
        guard text.utf8.count > Self.identifierBytes else { return text }
        return text.clipped(toBytes: Self.identifierBytes - 17) + "#" + Fingerprint(of: text).description
    }

    /// A text for people within `limit` bytes; a longer one ends with three dots.
    package static func text(_ text: String, _ limit: Int = Self.summaryBytes) -> String {
        guard text.utf8.count > limit else { return text }
        return text.clipped(toBytes: max(0, limit - 3)) + "..."
    }

    static func of(_ view: ByteView, _ limit: Int) -> String {
        Self.text(view.prefix(limit + 4).string, limit)
    }
}
