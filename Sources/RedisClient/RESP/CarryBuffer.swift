import Glibc

/// Holds the one frame that straddles two reads.
///
/// Grows with the bytes that were seen, never with what a length field announces, and gives memory back after a large
/// frame. Behind its end there is always readable slack, so that a padded parser needs no further copy.
struct CarryBuffer: ~Copyable {
    /// Readable bytes behind the capacity: simdjson's `SIMDJSON_PADDING` is 64 at most.
    static let slack = 64

    private(set) var base: UnsafeMutablePointer<UInt8>
    private(set) var count = 0
    private var capacity: Int
    private static let smallCapacity = 4_096
    private static let keptCapacity = 256 * 1_024

    init() {
        self.capacity = Self.smallCapacity
        self.base = Self.allocate(Self.smallCapacity)
    }

    deinit {
        self.base.deallocate()
    }

    /// Bytes that may be read from the start.
    var readable: Int { self.capacity + Self.slack }

    mutating func append(_ bytes: UnsafePointer<UInt8>, count: Int) {
        let total = self.count + count
        if total > self.capacity { self.grow(to: max(total, self.capacity * 2)) }
        memcpy(self.base + self.count, bytes, count)
        self.count = total
    }

    /// Forgets the bytes; views of them stay valid until the next `append`.
    mutating func clear() {
        self.count = 0
    }

    /// Gives memory back that a large frame needed.
    mutating func shrink() {
        guard self.count == 0, self.capacity > Self.keptCapacity else { return }
        self.base.deallocate()
        self.capacity = Self.smallCapacity
        self.base = Self.allocate(self.capacity)
    }

    private mutating func grow(to capacity: Int) {
        let larger = Self.allocate(capacity)
        memcpy(larger, self.base, self.count)
        self.base.deallocate()
        self.base = larger
        self.capacity = capacity
    }

    /// Zeroed, so that whoever reads past the frame reads the same bytes every time.
    private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<UInt8> {
        let base = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity + Self.slack)
        base.initialize(repeating: 0, count: capacity + Self.slack)
        return base
    }
}
