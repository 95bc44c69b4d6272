package import Events
import Glibc

/// The event types that some handler names, numbered, for bounded metric labels and counters in arrays.
///
/// An open-addressing table over UTF-8 bytes: looking a type up allocates nothing, counts no references and compares no
/// `String`.
package final class TypeTable: Sendable {
    /// The label of every type that no handler names.
    package static let other = "other"

    private struct Slot: BitwiseCopyable {
        var hash: UInt32 = 0
        /// -1 marks a free slot.
        var number: Int32 = -1
        var start: Int32 = 0
        var count: Int32 = 0
    }

    /// The names in the order of their numbers; the last one, `other`, stands for all that are not named.
    package let names: [String]
    // Owned: filled in `init`, freed in `deinit`, and never changed in between, so sharing them is safe.
    private nonisolated(unsafe) let bytes: UnsafeBufferPointer<UInt8>
    private nonisolated(unsafe) let slots: UnsafeBufferPointer<Slot>

    package init(_ types: some Sequence<String>) {
        // A type of that very name shares the label, so that no series is written twice.
        var seen: Set<[UInt8]> = [Array(Self.other.utf8)]
        let known = types.filter { seen.insert(Array($0.utf8)).inserted }
        var size = 16
        while size < known.count * 2 { size *= 2 }
        let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: known.reduce(0) { $0 + $1.utf8.count })
        let slots = UnsafeMutableBufferPointer<Slot>.allocate(capacity: size)
        slots.initialize(repeating: Slot())
        var end = 0
        for (number, name) in known.enumerated() {
            let range = end..<bytes[end...].initialize(fromContentsOf: Array(name.utf8))
            end = range.upperBound
            let hash = ByteView(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[range]))).fixedHash
            var index = Int(hash) & (size - 1)
            while slots[index].number >= 0 { index = (index + 1) & (size - 1) }
            slots[index] = Slot(
                hash: hash,
                number: Int32(number),
                start: Int32(range.lowerBound),
                count: Int32(range.count)
            )
        }
        self.names = known + [Self.other]
        self.bytes = UnsafeBufferPointer(bytes)
        self.slots = UnsafeBufferPointer(slots)
    }

    deinit {
        self.bytes.deallocate()
        self.slots.deallocate()
    }

    /// The number of the types, `other` included.
    package var count: Int { self.names.count }

    /// The number of `other`.
    package var otherIndex: Int { self.names.count - 1 }

    /// The number of a type; that of `other` when no handler names it.
    package func index(of type: ByteView) -> Int {
        let hash = type.fixedHash
        let mask = self.slots.count &- 1
        var index = Int(hash) & mask
        while true {
            let slot = self.slots[index]
            guard slot.number >= 0 else { return self.otherIndex }
            if slot.hash == hash, Int(slot.count) == type.count,
                memcmp(self.bytes.baseAddress! + Int(slot.start), type.start, type.count) == 0
            {
                return Int(slot.number)
            }
            index = (index &+ 1) & mask
        }
    }
}
