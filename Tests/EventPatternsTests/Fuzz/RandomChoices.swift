import SeededRandom

extension SplitMix64 {
    mutating func below(_ limit: Int) -> Int { Int(self.next() % UInt64(limit)) }

    /// True once in `times`.
    mutating func once(in times: Int) -> Bool { self.below(times) == 0 }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[self.below(elements.count)] }
}
