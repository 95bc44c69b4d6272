/// One test in the form that the matcher runs: fixed size, its bytes in the pool.
struct FlatTest: BitwiseCopyable {
    enum Kind: UInt8 {
        case text
        case address
        case number
        case numberText
        case `true`
        case `false`
        case null
        case prefix
        case suffix
        /// ASCII only: the bytes are lower case.
        case equalsASCII
        case prefixASCII
        case suffixASCII
        /// The bytes are units: length and bytes of the lower form, length and bytes of the upper form.
        case equalsUnits
        case prefixUnits
        /// As above, the last unit first.
        case suffixUnits
        /// `start` is the first of `count` pieces in the pool's tests, each of kind `text`.
        case wildcard
        case numeric
        case cidr
        case exists
        case absent
        /// `start` is the first of `count` excluded tests in the pool's tests.
        case anythingBut
    }

    var kind: Kind
    /// For `numeric`: 1 = low end open, 2 = high end open. For addresses the family. For a block see `count`.
    var flags: UInt8 = 0
    /// Where the bytes, or the tests that this one is made of, begin.
    var start: Int32 = 0
    /// How many of them; for a block the length of its prefix.
    var count: Int32 = 0
    /// The number, the ends of a range, or the bits of an address.
    var low: UInt64 = 0
    var high: UInt64 = 0
}

/// One field of a branch.
struct FlatSlot: BitwiseCopyable {
    var field: Int32
    var testStart: Int32
    var testCount: Int32
    var allowsAbsence: Bool
}

/// The fields of a branch, in the order of their paths.
struct FlatBranch: BitwiseCopyable {
    var slotStart: Int32
    var slotCount: Int32
}

/// The bytes and tests of many patterns, each list in one block of memory.
struct PatternPool {
    private(set) var bytes: [UInt8] = []
    private(set) var tests: [FlatTest] = []
    private(set) var slots: [FlatSlot] = []
    /// For each piece of a wildcard, how far a search for it may go on after a mismatch.
    private(set) var borders: [Int32] = []

    /// - Parameter field: The id of a path.
    mutating func add(_ branch: PatternBranch, field: (String) -> Int) -> FlatBranch {
        // The tests of a slot must lie side by side, so those that they are made of are added before them.
        let slots = branch.fields.map { pattern in
            let flat = pattern.alternatives.filter { $0 != .absent }.map { self.flatten($0) }
            let start = self.tests.count
            self.tests += flat
            return FlatSlot(
                field: Int32(field(pattern.path)),
                testStart: Int32(start),
                testCount: Int32(flat.count),
                allowsAbsence: pattern.allowsAbsence
            )
        }
        let start = self.slots.count
        self.slots += slots
        return FlatBranch(slotStart: Int32(start), slotCount: Int32(slots.count))
    }

    private mutating func flatten(_ test: PatternTest) -> FlatTest {
        switch test {
        case .text(let bytes): self.flat(.text, bytes)
        case .address(let address):
            FlatTest(kind: .address, flags: address.family.rawValue, low: address.low, high: address.high)
        case .number(.exact(let value)): FlatTest(kind: .number, low: value.bitPattern)
        case .number(.text(let bytes)): self.flat(.numberText, bytes)
        case .bool(let value): FlatTest(kind: value ? .true : .false)
        case .null: FlatTest(kind: .null)
        case .prefix(let bytes): self.flat(.prefix, bytes)
        case .suffix(let bytes): self.flat(.suffix, bytes)
        case .equalsIgnoringCase(let text): self.caseless(text, ascii: .equalsASCII, units: .equalsUnits)
        case .prefixIgnoringCase(let text): self.caseless(text, ascii: .prefixASCII, units: .prefixUnits)
        case .suffixIgnoringCase(let text): self.caseless(text, ascii: .suffixASCII, units: .suffixUnits)
        case .wildcard(let glob): self.wildcard(glob)
        case .numeric(let range):
            FlatTest(
                kind: .numeric,
                flags: (range.isLowOpen ? 1 : 0) | (range.isHighOpen ? 2 : 0),
                low: range.low.bitPattern,
                high: range.high.bitPattern
            )
        case .cidr(let block):
            FlatTest(
                kind: .cidr,
                flags: block.family.rawValue,
                count: Int32(block.prefixLength),
                low: block.low,
                high: block.high
            )
        case .exists: FlatTest(kind: .exists)
        case .absent: FlatTest(kind: .absent)
        case .anythingBut(let tests): self.compound(.anythingBut, tests)
        }
    }

    private mutating func flat(_ kind: FlatTest.Kind, _ bytes: [UInt8]) -> FlatTest {
        let start = self.bytes.count
        self.bytes += bytes
        return FlatTest(kind: kind, start: Int32(start), count: Int32(bytes.count))
    }

    private mutating func caseless(
        _ text: CaselessText,
        ascii: FlatTest.Kind,
        units kind: FlatTest.Kind
    ) -> FlatTest {
        guard !text.isASCII else { return self.flat(ascii, text.text.utf8.map(\.asciiLowercased)) }
        let units = kind == .suffixUnits ? text.units.reversed() : text.units
        return self.flat(
            kind,
            units.flatMap { unit in
                [UInt8(unit.lower.count)] + unit.lower + [UInt8(unit.upper.count)] + unit.upper
            }
        )
    }

    private mutating func wildcard(_ glob: Glob) -> FlatTest {
        let pieces = glob.pieces.map { piece in
            var flat = self.flat(.text, piece)
            flat.low = UInt64(self.borders.count)
            self.borders += PieceSearch.borders(of: piece)
            return flat
        }
        let start = self.tests.count
        self.tests += pieces
        return FlatTest(kind: .wildcard, start: Int32(start), count: Int32(pieces.count))
    }

    private mutating func compound(_ kind: FlatTest.Kind, _ parts: [PatternTest]) -> FlatTest {
        let flat = parts.map { self.flatten($0) }
        let start = self.tests.count
        self.tests += flat
        return FlatTest(kind: kind, start: Int32(start), count: Int32(flat.count))
    }
}

extension PatternPool {
    func freeze(_ arena: Arena) -> PoolView {
        PoolView(
            bytes: arena.put(self.bytes),
            tests: arena.put(self.tests),
            slots: arena.put(self.slots),
            borders: arena.put(self.borders)
        )
    }
}

/// A pool at fixed addresses.
struct PoolView: BitwiseCopyable {
    let bytes: UnsafePointer<UInt8>
    let tests: UnsafePointer<FlatTest>
    let slots: UnsafePointer<FlatSlot>
    let borders: UnsafePointer<Int32>
}
