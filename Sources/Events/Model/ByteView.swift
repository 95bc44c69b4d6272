public import Glibc

/// A run of bytes that somebody else owns: part of a receive buffer, of the ring, or of a decoder's scratch space.
///
/// Strings from the wire stay in this form on the hot path and are compared as UTF-8 bytes; Swift's `String` compares
/// by canonical equivalence, which is neither what producers mean nor cheap. A view is only good as long as the bytes
/// it points at; who hands one out says for how long.
///
/// Public, as all that the way of an event touches for each event: between modules the optimizer looks into public
/// declarations only, so that anything less costs calls where there should be loads.
public struct ByteView: Hashable {
    /// The first byte.
    public let start: UnsafePointer<UInt8>
    /// How many bytes there are.
    public let count: Int

    /// A view of `count` bytes.
    @inlinable
    public init(start: UnsafePointer<UInt8>, count: Int) {
        self.start = start
        self.count = count
    }

    /// A view of the bytes of a buffer, which may be empty.
    @inlinable
    public init(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else {
            self = .empty
            return
        }
        self.init(start: base.assumingMemoryBound(to: UInt8.self), count: bytes.count)
    }

    /// A view of the bytes of a literal, which live as long as the program.
    @inlinable
    public init(_ literal: StaticString) {
        self.init(start: literal.utf8Start, count: literal.utf8CodeUnitCount)
    }

    /// No bytes.
    @inlinable
    public static var empty: ByteView { ByteView("") }

    /// Whether there are no bytes.
    @inlinable
    public var isEmpty: Bool { self.count == 0 }

    /// The bytes, for reading.
    @inlinable
    public var buffer: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: self.start, count: self.count) }

    /// A copy of the bytes as text; what is not UTF-8 is repaired.
    public var string: String { String(decoding: self.buffer, as: UTF8.self) }

    /// A copy of the bytes.
    public var bytes: [UInt8] { Array(self.buffer) }

    /// Whether both are the same bytes.
    @inlinable
    public static func == (lhs: ByteView, rhs: ByteView) -> Bool {
        lhs.count == rhs.count && memcmp(lhs.start, rhs.start, lhs.count) == 0
    }

    /// Hashes the bytes.
    @inlinable
    public func hash(into hasher: inout Hasher) {
        hasher.combine(bytes: UnsafeRawBufferPointer(self.buffer))
    }

    /// Whether the bytes begin with those of `prefix`.
    @inlinable
    public func hasPrefix(_ prefix: ByteView) -> Bool {
        self.count >= prefix.count && memcmp(self.start, prefix.start, prefix.count) == 0
    }

    /// Whether these are the UTF-8 bytes of `text`.
    @inlinable
    public func equals(_ text: StaticString) -> Bool { self == ByteView(text) }

    /// Whether these are the UTF-8 bytes of `text`.
    public func equals(_ text: String) -> Bool {
        guard self.count == text.utf8.count else { return false }
        var text = text
        return text.withUTF8 { bytes in
            // An empty text may have no address.
            bytes.baseAddress.map { memcmp(self.start, $0, self.count) == 0 } ?? true
        }
    }

    /// A hash for tables that are fixed when they are made: eight bytes at a time, no seed. A stranger who chooses keys
    /// can only make looking them up in vain slower, by a walk over the table's few entries.
    @inlinable
    public var fixedHash: UInt32 {
        var state = UInt64(truncatingIfNeeded: self.count) &* 0x9E37_79B9_7F4A_7C15
        let raw = UnsafeRawPointer(self.start)
        if self.count >= 8 {
            var offset = 0
            while offset &+ 8 <= self.count {
                state = Self.mix(state ^ raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                offset &+= 8
            }
            // The last eight bytes, some of them for the second time.
            state = Self.mix(state ^ raw.loadUnaligned(fromByteOffset: self.count &- 8, as: UInt64.self))
        } else if self.count >= 4 {
            let first = UInt64(raw.loadUnaligned(as: UInt32.self))
            let last = UInt64(raw.loadUnaligned(fromByteOffset: self.count &- 4, as: UInt32.self))
            state = Self.mix(state ^ (first << 32 | last))
        } else if self.count > 0 {
            let middle = UInt64(self.start[self.count >> 1])
            let ends = UInt64(self.start[0]) << 16 | UInt64(self.start[self.count &- 1])
            state = Self.mix(state ^ (ends | middle << 8))
        }
        return UInt32(truncatingIfNeeded: state >> 32)
    }

    /// Both halves of a product, so that every bit of the value reaches every bit of the result.
    @inlinable
    public static func mix(_ value: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return product.high ^ product.low
    }

    /// The first `limit` bytes, or all of them.
    @inlinable
    public func prefix(_ limit: Int) -> ByteView { ByteView(start: self.start, count: min(self.count, limit)) }
}

extension ByteView: ExpressibleByStringLiteral {
    /// A view of the bytes of a literal, which live as long as the program.
    @inlinable
    public init(stringLiteral literal: StaticString) { self.init(literal) }
}
