package import Events

/// What a handler listens to: one event type, all types, or all types below a prefix.
package enum TypePattern: Sendable, Hashable, CustomStringConvertible {
    /// `run.failed`
    case exact(String)
    /// `run.*`: every type that begins with `run.`; the dot belongs to the prefix.
    case prefix(String)
    /// `*`
    case any

    /// Reads `*`, `run.*` or `run.failed`; nil for a star anywhere else, or for no text.
    package init?(_ text: String) {
        if text == "*" {
            self = .any
        } else if text.utf8.count > 2, text.utf8.suffix(2).elementsEqual(".*".utf8) {
            let stem = String(text.dropLast())
            guard !stem.utf8.contains(UInt8(ascii: "*")) else { return nil }
            self = .prefix(stem)
        } else if !text.isEmpty, !text.utf8.contains(UInt8(ascii: "*")) {
            self = .exact(text)
        } else {
            return nil
        }
    }

    package var description: String {
        switch self {
        case .exact(let type): type
        case .prefix(let stem): stem + "*"
        case .any: "*"
        }
    }

    package func accepts(_ eventType: ByteView) -> Bool {
        switch self {
        case .any: true
        case .exact(let type): eventType.equals(type)
        case .prefix(let stem): eventType.buffer.starts(with: stem.utf8)
        }
    }
}
