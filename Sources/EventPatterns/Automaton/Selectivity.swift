/// Guesses how often a test passes, to choose by which field a branch is found. Only the order of the guesses matters.
struct Selectivity {
    /// How many different values rules ask of a field, by kind of test: where rules distinguish many tenants, events
    /// come from many.
    private struct Variety {
        var values: Set<PatternTest> = []
        var affixes: Set<PatternTest> = []
    }

    private var fields: [Int: Variety] = [:]
    private var types: Set<BytewiseType> = []

    mutating func count(_ test: PatternTest, field: Int) {
        switch test {
        case .text, .address, .number, .equalsIgnoringCase: self.fields[field, default: Variety()].values.insert(test)
        case .prefix, .suffix, .prefixIgnoringCase, .suffixIgnoringCase, .wildcard, .cidr:
            self.fields[field, default: Variety()].affixes.insert(test)
        default: break
        }
    }

    mutating func count(_ on: [TypePattern]) {
        for pattern in on { self.types.insert(BytewiseType(pattern)) }
    }

    /// The share of events that a field's alternatives may accept.
    func share(of alternatives: [PatternTest], field: Int) -> Double {
        alternatives.reduce(0) { $0 + self.share(of: $1, self.fields[field]) }
    }

    func share(of on: [TypePattern]) -> Double {
        on.reduce(0) { sum, pattern in
            switch pattern {
            case .exact: sum + 1 / Double(self.types.count + 1)
            case .prefix: sum + max(0.3, 2 / Double(self.types.count + 1))
            case .any: sum + 1
            }
        }
    }

    private func share(of test: PatternTest, _ variety: Variety?) -> Double {
        let values = Double(variety?.values.count ?? 0)
        let affixes = Double(variety?.affixes.count ?? 0)
        switch test {
        case .text, .address, .number, .equalsIgnoringCase: return 1 / (values + 1)
        case .prefix(let bytes), .suffix(let bytes): return bytes.isEmpty ? 0.9 : 1.5 / (affixes + 2)
        case .prefixIgnoringCase(let text), .suffixIgnoringCase(let text):
            return text.units.isEmpty ? 0.9 : 1.6 / (affixes + 2)
        case .wildcard(let glob): return glob.pieces.allSatisfy(\.isEmpty) ? 0.9 : 1.9 / (affixes + 2)
        case .cidr(let block): return block.prefixLength == 0 ? 0.9 : 1.5 / (affixes + 2)
        case .numeric(let range):
            if range.low == range.high { return 1 / (values + 1) }
            return range.low == -.infinity || range.high == .infinity ? 0.6 : 0.4
        case .bool: return 0.5
        case .null: return 0.2
        case .absent: return 0.7
        case .exists, .anythingBut: return 0.95
        }
    }
}
