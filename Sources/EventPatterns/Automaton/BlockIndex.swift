/// Addresses and blocks of them. For each length of prefix that occurs the address is cut to it and looked up.
struct BlockIndex: BitwiseCopyable {
    private let blocks: WordHash
    private let lengths: UnsafePointer<UInt8>
    private let v4Count: Int
    private let v6Count: Int

    init(_ entries: [(block: AddressBlock, value: Int32)], arena: Arena) {
        self.blocks = WordHash(entries.map { (Self.key(of: $0.block), $0.value) }, arena: arena)
        func lengths(_ family: IPAddress.Family) -> [UInt8] {
            Set(entries.filter { $0.block.family == family }.map { UInt8($0.block.prefixLength) }).sorted()
        }
        let v4 = lengths(.v4)
        let v6 = lengths(.v6)
        self.lengths = arena.put(v4 + v6)
        self.v4Count = v4.count
        self.v6Count = v6.count
    }

    private static func key(of block: AddressBlock) -> WordHash.Key {
        WordHash.Key(
            tag: UInt64(block.family.rawValue) << 8 | UInt64(block.prefixLength),
            high: block.high,
            low: block.low
        )
    }

    var isEmpty: Bool { self.v4Count == 0 && self.v6Count == 0 }

    /// Calls `body` with the value of each block that holds the address of a leaf.
    @inline(__always)
    func find(_ leaf: inout LeafState, _ body: (Int32) -> Void) {
        leaf.resolveAddress()
        guard leaf.address != .none else { return }
        let isV4 = leaf.address == .v4
        let start = isV4 ? 0 : self.v4Count
        for index in start..<start &+ (isV4 ? self.v4Count : self.v6Count) {
            let length = self.lengths[index]
            let key = WordHash.Key(
                tag: UInt64(leaf.address.rawValue) << 8 | UInt64(length),
                high: leaf.addressHigh & AddressBlock.highMask(Int(length)),
                low: leaf.addressLow & AddressBlock.lowMask(Int(length))
            )
            let value = self.blocks.find(key)
            if value >= 0 { body(value) }
        }
    }
}
