import Events
import Glibc

/// A leaf of the event at hand, with what was found out about it so far.
struct LeafState {
    /// Whether a number can be compared by value; asked at most once a leaf.
    enum Comparability: UInt8 {
        case unknown
        case exact
        case textOnly
    }

    /// What address a string stands for; asked at most once a leaf.
    enum Address: UInt8 {
        case unknown
        case none
        case v4 = 4
        case v6 = 6
    }

    var start: UnsafePointer<UInt8>
    var count: Int
    var number: Double = 0
    var addressHigh: UInt64 = 0
    var addressLow: UInt64 = 0
    var field: Int32
    /// The next leaf of the same field, or -1.
    var next: Int32 = -1
    var place: Int32
    var kind: FieldKind
    var comparability = Comparability.unknown
    var address = Address.unknown

    @inline(__always)
    mutating func exactNumber() -> Double? {
        if self.comparability == .unknown {
            if let value = ExactNumber.parse(self.start, count: self.count) {
                self.number = value
                self.comparability = .exact
            } else {
                self.comparability = .textOnly
            }
        }
        return self.comparability == .exact ? self.number : nil
    }

    /// Finds out which address this string is, if it is one.
    @inline(__always)
    mutating func resolveAddress() {
        guard self.address == .unknown else { return }
        guard let address = IPAddress(self.start, count: self.count) else {
            self.address = .none
            return
        }
        self.address = address.family == .v4 ? .v4 : .v6
        self.addressHigh = address.high
        self.addressLow = address.low
    }
}

extension PoolView {
    /// Whether a value passes a test. The only place that says what each operator means on the live path.
    func passes(_ test: FlatTest, _ leaf: inout LeafState) -> Bool {
        switch test.kind {
        case .exists: return true
        case .absent: return false
        case .true: return leaf.kind == .true
        case .false: return leaf.kind == .false
        case .null: return leaf.kind == .null
        case .number, .numberText, .numeric: return leaf.kind == .number && self.passesNumber(test, &leaf)
        case .anythingBut: return self.passesExclusion(test, &leaf)
        default: return leaf.kind == .string && self.passesString(test, &leaf)
        }
    }

    private func passesNumber(_ test: FlatTest, _ leaf: inout LeafState) -> Bool {
        switch test.kind {
        case .number:
            return leaf.exactNumber() == Double(bitPattern: test.low)
        case .numeric:
            guard let value = leaf.exactNumber() else { return false }
            let low = Double(bitPattern: test.low)
            let high = Double(bitPattern: test.high)
            return (test.flags & 1 != 0 ? value > low : value >= low)
                && (test.flags & 2 != 0 ? value < high : value <= high)
        default:
            return self.isText(test, leaf)
        }
    }

    private func passesExclusion(_ test: FlatTest, _ leaf: inout LeafState) -> Bool {
        for index in Int(test.start)..<Int(test.start + test.count) where self.passes(self.tests[index], &leaf) {
            return false
        }
        return true
    }

    private func passesString(_ test: FlatTest, _ leaf: inout LeafState) -> Bool {
        let count = Int(test.count)
        let bytes = self.bytes + Int(test.start)
        switch test.kind {
        case .text:
            return self.isText(test, leaf)
        case .prefix:
            return leaf.count >= count && memcmp(leaf.start, bytes, count) == 0
        case .suffix:
            return leaf.count >= count && memcmp(leaf.start + (leaf.count - count), bytes, count) == 0
        case .equalsASCII:
            return leaf.count == count && Self.isSameIgnoringCase(leaf.start, bytes, count)
        case .prefixASCII:
            return leaf.count >= count && Self.isSameIgnoringCase(leaf.start, bytes, count)
        case .suffixASCII:
            return leaf.count >= count && Self.isSameIgnoringCase(leaf.start + (leaf.count - count), bytes, count)
        case .equalsUnits: return self.unitsForward(test, leaf) == leaf.count
        case .prefixUnits: return self.unitsForward(test, leaf) >= 0
        case .suffixUnits: return self.unitsBackward(test, leaf)
        case .wildcard: return self.passesGlob(test, leaf)
        case .address, .cidr: return Self.passesAddress(test, &leaf)
        default: return false
        }
    }

    @inline(__always)
    private func isText(_ test: FlatTest, _ leaf: LeafState) -> Bool {
        leaf.count == Int(test.count) && memcmp(leaf.start, self.bytes + Int(test.start), leaf.count) == 0
    }

    private static func passesAddress(_ test: FlatTest, _ leaf: inout LeafState) -> Bool {
        leaf.resolveAddress()
        guard leaf.address.rawValue == test.flags else { return false }
        guard test.kind == .cidr else { return leaf.addressHigh == test.high && leaf.addressLow == test.low }
        let length = Int(test.count)
        return leaf.addressHigh & AddressBlock.highMask(length) == test.high
            && leaf.addressLow & AddressBlock.lowMask(length) == test.low
    }

    // MARK: Case

    /// - Parameter lower: ASCII in lower case.
    @inline(__always)
    private static func isSameIgnoringCase(
        _ bytes: UnsafePointer<UInt8>,
        _ lower: UnsafePointer<UInt8>,
        _ count: Int
    ) -> Bool {
        for index in 0..<count where bytes[index].asciiLowercased != lower[index] { return false }
        return true
    }

    /// - Returns: How many bytes of the leaf the units took, or -1.
    private func unitsForward(_ test: FlatTest, _ leaf: LeafState) -> Int {
        var unit = self.bytes + Int(test.start)
        let end = unit + Int(test.count)
        var position = 0
        while unit < end {
            let lowerCount = Int(unit[0])
            let upper = unit + 1 + lowerCount
            let upperCount = Int(upper[0])
            if leaf.has(unit + 1, lowerCount, at: position) {
                position += lowerCount
            } else if leaf.has(upper + 1, upperCount, at: position) {
                position += upperCount
            } else {
                return -1
            }
            unit = upper + 1 + upperCount
        }
        return position
    }

    private func unitsBackward(_ test: FlatTest, _ leaf: LeafState) -> Bool {
        var unit = self.bytes + Int(test.start)
        let end = unit + Int(test.count)
        var position = leaf.count
        while unit < end {
            let lowerCount = Int(unit[0])
            let upper = unit + 1 + lowerCount
            let upperCount = Int(upper[0])
            if leaf.has(unit + 1, lowerCount, at: position - lowerCount) {
                position -= lowerCount
            } else if leaf.has(upper + 1, upperCount, at: position - upperCount) {
                position -= upperCount
            } else {
                return false
            }
            unit = upper + 1 + upperCount
        }
        return true
    }

    // MARK: Wildcards

    /// The first and the last piece stand at the ends; each piece between them is taken where it first occurs, which
    /// leaves the most room for the others. Linear in the length of the value for each piece.
    private func passesGlob(_ test: FlatTest, _ leaf: LeafState) -> Bool {
        let pieces = self.tests + Int(test.start)
        let last = Int(test.count) - 1
        guard last > 0 else { return self.isText(pieces[0], leaf) }
        let head = Int(pieces[0].count)
        let tail = Int(pieces[last].count)
        guard leaf.count >= head + tail,
            memcmp(leaf.start, self.bytes + Int(pieces[0].start), head) == 0,
            memcmp(leaf.start + (leaf.count - tail), self.bytes + Int(pieces[last].start), tail) == 0
        else { return false }
        var position = leaf.start + head
        let end = leaf.start + (leaf.count - tail)
        for index in 1..<last {
            let count = Int(pieces[index].count)
            guard
                let found = PieceSearch.end(
                    of: self.bytes + Int(pieces[index].start),
                    count: count,
                    borders: self.borders + Int(pieces[index].low),
                    in: position,
                    count: end - position
                )
            else { return false }
            position += found
        }
        return true
    }
}

extension LeafState {
    @inline(__always)
    fileprivate func has(_ bytes: UnsafePointer<UInt8>, _ count: Int, at position: Int) -> Bool {
        position >= 0 && position + count <= self.count && memcmp(self.start + position, bytes, count) == 0
    }
}
