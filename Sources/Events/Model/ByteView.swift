import Glibc

/// A run of bytes that somebody else owns: part of a receive buffer, of the ring, or of a decoder's scratch space.
///
/// Strings from the wire stay in this form on the hot path and are compared as UTF-8 bytes; Swift's `String` compares
/// by canonical equivalence, which is neither what producers mean nor cheap. A view is only good as long as the bytes
/// it points at; who hands one out says for how long.
package struct ByteView: Hashable {
    package let start: UnsafePointer<UInt8>
    package let count: Int

    @inlinable
    package init(start: UnsafePointer<UInt8>, count: Int) {
        self.start = start
        self.count = count
    }

    @inlinable
    package init(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else {
            self = .empty
            return
        }
        self.init(start: base.assumingMemoryBound(to: UInt8.self), count: bytes.count)
    }

    /// A view of the bytes of a literal, which live as long as the program.
    @inlinable
    package init(_ literal: StaticString) {
        self.init(start: literal.utf8Start, count: literal.utf8CodeUnitCount)
    }

    /// No bytes.
    @inlinable
    package static var empty: ByteView { ByteView("") }

    @inlinable
    package var isEmpty: Bool { self.count == 0 }

    @inlinable
    package var buffer: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: self.start, count: self.count) }

    /// A copy of the bytes as text; what is not UTF-8 is repaired.
    package var string: String { String(decoding: self.buffer, as: UTF8.self) }

    /// A copy of the bytes.
    package var bytes: [UInt8] { Array(self.buffer) }

    @inlinable
    package static func == (lhs: ByteView, rhs: ByteView) -> Bool {
        lhs.count == rhs.count && memcmp(lhs.start, rhs.start, lhs.count) == 0
    }

    @inlinable
    package func hash(into hasher: inout Hasher) {
        hasher.combine(bytes: UnsafeRawBufferPointer(self.buffer))
    }

    @inlinable
    package func hasPrefix(_ prefix: ByteView) -> Bool {
        self.count >= prefix.count && memcmp(self.start, prefix.start, prefix.count) == 0
    }

    /// Whether these are the UTF-8 bytes of `text`.
    @inlinable
    package func equals(_ text: StaticString) -> Bool { self == ByteView(text) }

    /// The first `limit` bytes, or all of them.
    @inlinable
    package func prefix(_ limit: Int) -> ByteView { ByteView(start: self.start, count: min(self.count, limit)) }
}

extension ByteView: ExpressibleByStringLiteral {
    /// A view of the bytes of a literal, which live as long as the program.
    @inlinable
    package init(stringLiteral literal: StaticString) { self.init(literal) }
}
