import Glibc

/// A text as a key, the same as another one only byte for byte, as in Redis: texts that merely look alike ("é" has two ways
/// to be written) are two runs, or two tenants.
package struct ExactText: Sendable, Hashable {
    package let text: String

    package init(_ text: String) { self.text = text }

    package static func == (lhs: ExactText, rhs: ExactText) -> Bool { lhs.text.hasSameBytes(as: rhs.text) }

    package func hash(into hasher: inout Hasher) {
        var text = self.text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        // No UTF-8 holds it, so that the end of one text and the beginning of the next do not run into each other.
        hasher.combine(0xFF as UInt8)
    }
}

extension String {
    /// Whether both are written with the same bytes. `==` takes a letter and its accent for the letter with the accent.
    func hasSameBytes(as other: String) -> Bool {
        // A string is two words: its bytes, of a short one, or where they lie. Most texts that are the same are so already
        // here; that the words differ says nothing.
        guard unsafeBitCast(self, to: (UInt64, UInt64).self) != unsafeBitCast(other, to: (UInt64, UInt64).self) else {
            return true
        }
        guard self.utf8.count == other.utf8.count else { return false }
        // Short texts, as most keys are, have no storage to look into: `withUTF8` lends them one, where a look at the views
        // would go byte by byte.
        var (mine, theirs) = (self, other)
        return mine.withUTF8 { mine in
            theirs.withUTF8 { theirs in
                // An empty text may have no address.
                guard let first = mine.baseAddress, let second = theirs.baseAddress else { return true }
                return memcmp(first, second, mine.count) == 0
            }
        }
    }
}
