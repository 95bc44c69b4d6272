/// A text that is looked for in several tables, one after the other: by its bytes, with their hash worked out once.
///
/// Two texts with different hashes are told apart without a look at either, which in a large table is a look at memory that
/// is in no cache.
package struct HashedText: Sendable, Hashable, ExpressibleByStringLiteral {
    package let text: String
    /// The same in one process only.
    private let textHash: Int

    package init(_ text: String) {
        self.text = text
        self.textHash = ExactText(text).hashValue
    }

    package init(stringLiteral value: String) { self.init(value) }

    package static func == (lhs: HashedText, rhs: HashedText) -> Bool {
        lhs.textHash == rhs.textHash && lhs.text.hasSameBytes(as: rhs.text)
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(self.textHash) }
}
