import Events
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
            let hash = key.withUnsafeBytes { ByteView($0).fixedHash }
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
        let hash = ByteView(start: start, count: count).fixedHash
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
}

/// A fixed table from three words to numbers, for doubles and for blocks of addresses.
struct WordHash: BitwiseCopyable {
    struct Key: BitwiseCopyable, Hashable {
        var tag: UInt64 = 0
        var high: UInt64 = 0
        var low: UInt64

        @inline(__always)
        var hash: UInt64 { ByteView.mix(ByteView.mix(self.low ^ self.tag &* 0x9E37_79B9_7F4A_7C15) ^ self.high) }
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
