import Glibc

/// A fixed table from byte strings to numbers: open addressing, at most half full.
struct ByteHash: BitwiseCopyable {
    private struct Slot: BitwiseCopyable {
        var hash: UInt32 = 0
        /// -1 marks a free slot.
        var value: Int32 = -1
        var start: Int32 = 0
        var count: Int32 = 0
    }

    private let slots: UnsafePointer<Slot>
    private let bytes: UnsafePointer<UInt8>
    private let mask: UInt32
    let count: Int32

    init(_ entries: [(key: [UInt8], value: Int32)], arena: Arena) {
        var capacity = 4
        while capacity < entries.count * 2 { capacity *= 2 }
        var slots = [Slot](repeating: Slot(), count: capacity)
        var bytes: [UInt8] = []
        for (key, value) in entries {
            let hash = key.withUnsafeBufferPointer { Self.hash($0.baseAddress, $0.count) }
            var index = Int(hash) & (capacity - 1)
            while slots[index].value >= 0 { index = (index + 1) & (capacity - 1) }
            slots[index] = Slot(hash: hash, value: value, start: Int32(bytes.count), count: Int32(key.count))
            bytes += key
        }
        self.slots = arena.put(slots)
        self.bytes = arena.put(bytes)
        self.mask = UInt32(capacity - 1)
        self.count = Int32(entries.count)
    }

    /// - Returns: The value of a key, or -1.
    @inline(__always)
    func find(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
        if self.count == 0 { return -1 }
        let hash = Self.hash(start, count)
        var index = hash & self.mask
        while true {
            let slot = self.slots[Int(index)]
            if slot.value < 0 { return -1 }
            if slot.hash == hash, Int(slot.count) == count,
                memcmp(self.bytes + Int(slot.start), start, count) == 0
            {
                return slot.value
            }
            index = (index &+ 1) & self.mask
        }
    }

    /// Mixes eight bytes at a time; reads nothing outside of the bytes.
    @inline(__always)
    static func hash(_ start: UnsafePointer<UInt8>?, _ count: Int) -> UInt32 {
        var state = UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15
        guard let start else { return UInt32(truncatingIfNeeded: state >> 32) }
        let raw = UnsafeRawPointer(start)
        if count >= 8 {
            var offset = 0
            while offset &+ 8 <= count {
                state = Self.mix(state ^ raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                offset &+= 8
            }
            // The last eight bytes, some of them for the second time.
            state = Self.mix(state ^ raw.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self))
        } else if count >= 4 {
            let first = UInt64(raw.loadUnaligned(as: UInt32.self))
            let last = UInt64(raw.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
            state = Self.mix(state ^ (first << 32 | last))
        } else if count > 0 {
            let middle = UInt64(start[count >> 1])
            state = Self.mix(state ^ (UInt64(start[0]) << 16 | middle << 8 | UInt64(start[count &- 1])))
        }
        return UInt32(truncatingIfNeeded: state >> 32)
    }

    @inline(__always)
    static func mix(_ value: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return product.high ^ product.low
    }
}

/// A fixed table from three words to numbers, for doubles and for blocks of addresses.
struct WordHash: BitwiseCopyable {
    struct Key: BitwiseCopyable, Hashable {
        var tag: UInt64 = 0
        var high: UInt64 = 0
        var low: UInt64

        @inline(__always)
        var hash: UInt64 { ByteHash.mix(ByteHash.mix(self.low ^ self.tag &* 0x9E37_79B9_7F4A_7C15) ^ self.high) }
    }

    private struct Slot: BitwiseCopyable {
        var key = Key(low: 0)
        /// -1 marks a free slot.
        var value: Int32 = -1
    }

    private let slots: UnsafePointer<Slot>
    private let mask: UInt64
    let count: Int32

    init(_ entries: [(key: Key, value: Int32)], arena: Arena) {
        var capacity = 4
        while capacity < entries.count * 2 { capacity *= 2 }
        var slots = [Slot](repeating: Slot(), count: capacity)
        for (key, value) in entries {
            var index = Int(truncatingIfNeeded: key.hash >> 32) & (capacity - 1)
            while slots[index].value >= 0 { index = (index + 1) & (capacity - 1) }
            slots[index] = Slot(key: key, value: value)
        }
        self.slots = arena.put(slots)
        self.mask = UInt64(capacity - 1)
        self.count = Int32(entries.count)
    }

    /// - Returns: The value of a key, or -1.
    @inline(__always)
    func find(_ key: Key) -> Int32 {
        if self.count == 0 { return -1 }
        var index = (key.hash >> 32) & self.mask
        while true {
            let slot = self.slots[Int(truncatingIfNeeded: index)]
            if slot.value < 0 { return -1 }
            if slot.key == key { return slot.value }
            index = (index &+ 1) & self.mask
        }
    }
}
