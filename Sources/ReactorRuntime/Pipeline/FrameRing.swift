package import Events
import Glibc

/// What happens to frames when the ring is full.
package enum OverflowPolicy: String, Sendable, CaseIterable {
    /// The oldest frames make room: what is happening now matters more.
    case dropOldest = "drop_oldest"
    /// The new frame is refused: what was promised first is kept.
    case dropNewest = "drop_newest"
}

/// Frames that were received and not yet handled, in order, in a fixed number of bytes.
///
/// It only fills while handling is slower than receiving, so that the socket is always drained and Redis never cuts the
/// subscription for being slow. The memory is reserved at once and touched only as far as it was ever used; when the
/// ring runs empty after a burst, the pages go back to the system.
package struct FrameRing: ~Copyable {
    /// A frame in the ring; good until it is removed.
    package struct Frame {
        package var payload: ByteView
        /// Which of the subscription's targets it came from.
        package var target: UInt32
        package var arrivedAt: Timestamp
    }

    private struct Header {
        var length: UInt32
        var target: UInt32
        var arrivedAt: Int64
    }

    /// Length of a header that says: nothing more up to the end of the memory, go on at its start.
    private static let wrapMark = UInt32.max
    private static let headerSize = MemoryLayout<Header>.size
    /// Above this much use, pages go back to the system when the ring is empty again.
    private static let keptBytes = 1 << 20

    package let capacity: Int
    package let policy: OverflowPolicy
    package private(set) var count = 0
    /// Bytes in use, headers included.
    package private(set) var usedBytes = 0
    /// Frames that were given up, ever.
    package private(set) var dropped: UInt64 = 0

    /// Bytes of those frames.
    package private(set) var droppedBytes: UInt64 = 0
    /// The most bytes that were ever in use.
    package private(set) var highWater = 0

    private let memory: UnsafeMutableRawPointer
    private var head = 0
    private var tail = 0
    private var touched = 0

    /// - Parameter capacity: bytes for frames and their 16-byte headers; rounded up to a multiple of 16.
    package init(capacity: Int, policy: OverflowPolicy) {
        self.capacity = (max(capacity, 4096) + 15) & ~15
        self.policy = policy
        let memory = mmap(
            nil,
            self.capacity + Self.headerSize,
            PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
            -1,
            0
        )
        guard let memory, memory != MAP_FAILED else {
            // The reactor cannot run without its ring, and this happens once, at start.
            fatalError("cannot reserve \(capacity) bytes for the ring: errno \(errno)")
        }
        self.memory = memory
    }

    deinit {
        munmap(self.memory, self.capacity + Self.headerSize)
    }

    package var isEmpty: Bool { self.count == 0 }

    /// How full the ring is, from 0 to 1.
    package var fill: Double { Double(self.usedBytes) / Double(self.capacity) }

    /// Copies a frame to the end of the ring.
    ///
    /// - Returns: How many frames were given up for it, itself included.
    package mutating func append(_ payload: ByteView, target: UInt32, arrivedAt: Timestamp) -> Int {
        let size = Self.recordSize(payload.count)
        guard size <= self.capacity else { return self.refuse(payload) }
        var given = 0
        while !self.hasRoom(for: size) {
            guard self.policy == .dropOldest, let oldest = self.first else { return self.refuse(payload) }
            self.dropped += 1
            self.droppedBytes += UInt64(oldest.payload.count)
            self.removeFirst()
            given += 1
        }
        self.write(payload, size: size, target: target, arrivedAt: arrivedAt)
        return given
    }

    /// The oldest frame.
    package var first: Frame? {
        guard self.count > 0 else { return nil }
        let header = self.header(at: self.head)
        let payload = self.memory + self.head + Self.headerSize
        return Frame(
            payload: ByteView(
                start: UnsafePointer(payload.assumingMemoryBound(to: UInt8.self)),
                count: Int(header.length)
            ),
            target: header.target,
            arrivedAt: Timestamp(microseconds: header.arrivedAt)
        )
    }

    /// Removes the oldest frame; the ring must not be empty.
    package mutating func removeFirst() {
        precondition(self.count > 0, "the ring is empty")
        let size = Self.recordSize(Int(self.header(at: self.head).length))
        self.head += size
        self.usedBytes -= size
        self.count -= 1
        if self.count == 0 {
            self.reset()
        } else {
            self.skipWrapMark()
        }
    }

    private mutating func refuse(_ payload: ByteView) -> Int {
        self.dropped += 1
        self.droppedBytes += UInt64(payload.count)
        return 1
    }

    private static func recordSize(_ length: Int) -> Int { (Self.headerSize + length + 15) & ~15 }

    private func header(at offset: Int) -> Header {
        self.memory.load(fromByteOffset: offset, as: Header.self)
    }

    /// Frames lie between head and tail, or, once the tail has wrapped, from head to the end and from 0 to tail.
    private func hasRoom(for size: Int) -> Bool {
        if self.count == 0 { return size <= self.capacity }
        if self.tail > self.head {
            return self.capacity - self.tail >= size || self.head >= size
        }
        return self.head - self.tail >= size
    }

    private mutating func write(_ payload: ByteView, size: Int, target: UInt32, arrivedAt: Timestamp) {
        if self.tail >= self.head, self.capacity - self.tail < size {
            let mark = Header(length: Self.wrapMark, target: 0, arrivedAt: 0)
            self.memory.storeBytes(of: mark, toByteOffset: self.tail, as: Header.self)
            self.tail = 0
        }
        let header = Header(length: UInt32(payload.count), target: target, arrivedAt: arrivedAt.microseconds)
        self.memory.storeBytes(of: header, toByteOffset: self.tail, as: Header.self)
        memcpy(self.memory + self.tail + Self.headerSize, payload.start, payload.count)
        self.tail += size
        self.touched = max(self.touched, self.tail)
        self.usedBytes += size
        self.highWater = max(self.highWater, self.usedBytes)
        self.count += 1
    }

    private mutating func skipWrapMark() {
        if self.head >= self.capacity || self.header(at: self.head).length == Self.wrapMark {
            self.head = 0
        }
    }

    private mutating func reset() {
        self.head = 0
        self.tail = 0
        if self.touched > Self.keptBytes {
            // Giving pages back can only fail for arguments that are not ours; then they just stay.
            _ = madvise(self.memory, self.touched, MADV_DONTNEED)
            self.touched = 0
        }
    }
}
