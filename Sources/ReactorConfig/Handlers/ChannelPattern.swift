/// Redis' patterns of channels: `*`, `?`, `[a-c]`, `[^a]` and `\` before any of them.
enum ChannelPattern {
    static func matches(_ pattern: String, _ channel: String) -> Bool {
        Self.matches(Array(pattern.utf8)[...], Array(channel.utf8)[...])
    }

    private static func matches(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        var (pattern, text) = (pattern, text)
        // Where to go on when what follows the last star did not fit: a star never needs to be tried twice.
        var retry: (pattern: ArraySlice<UInt8>, text: ArraySlice<UInt8>)?
        while true {
            if pattern.first == UInt8(ascii: "*") {
                pattern = pattern.dropFirst()
                retry = (pattern, text)
            } else if pattern.isEmpty, text.isEmpty {
                return true
            } else if let rest = Self.one(pattern, text.first) {
                pattern = rest
                text = text.dropFirst()
            } else if let again = retry, !again.text.isEmpty {
                retry = (again.pattern, again.text.dropFirst())
                (pattern, text) = (again.pattern, again.text.dropFirst())
            } else {
                return false
            }
        }
    }

    /// The pattern after the part that accepts one byte; nil if it does not accept it.
    private static func one(_ pattern: ArraySlice<UInt8>, _ byte: UInt8?) -> ArraySlice<UInt8>? {
        guard let byte, let first = pattern.first else { return nil }
        switch first {
        case UInt8(ascii: "?"): return pattern.dropFirst()
        case UInt8(ascii: "["): return Self.set(pattern.dropFirst(), byte)
        case UInt8(ascii: "\\") where pattern.count > 1:
            return pattern.dropFirst().first == byte ? pattern.dropFirst(2) : nil
        default: return first == byte ? pattern.dropFirst() : nil
        }
    }

    private static func set(_ pattern: ArraySlice<UInt8>, _ byte: UInt8) -> ArraySlice<UInt8>? {
        var rest = pattern
        let isInverted = rest.first == UInt8(ascii: "^")
        if isInverted { rest = rest.dropFirst() }
        var isMember = false
        while let first = rest.first, first != UInt8(ascii: "]") {
            if first == UInt8(ascii: "\\"), rest.count > 1 {
                isMember = isMember || rest.dropFirst().first == byte
                rest = rest.dropFirst(2)
            } else if rest.count > 2, rest[rest.startIndex + 1] == UInt8(ascii: "-") {
                let last = rest[rest.startIndex + 2]
                isMember = isMember || (min(first, last)...max(first, last)).contains(byte)
                rest = rest.dropFirst(3)
            } else {
                isMember = isMember || first == byte
                rest = rest.dropFirst()
            }
        }
        return isMember != isInverted ? rest.dropFirst() : nil
    }
}
