/// How much work a pattern can make at worst.
package struct PatternCost: Sendable, Hashable {
    /// What `$or` expands to, those of `not` included.
    package var branches = 0
    package var tests = 0
    /// Stars of wildcards.
    package var stars = 0
    /// Bytes of texts in the pattern.
    package var textBytes = 0

    /// Above this a pattern is reported. A pattern that people write has a weight of some tens.
    package static let usualLimit = 1_000

    /// Roughly how many comparisons an event that passes nearly everything costs.
    package var weight: Int { self.branches + self.tests + 4 * self.stars }

    package init(of pattern: EventPattern) {
        let branches = pattern.branches + pattern.exclusions
        self.branches = branches.count
        for field in branches.flatMap(\.fields) {
            for test in field.alternatives { self.add(test) }
        }
    }

    private mutating func add(_ test: PatternTest) {
        self.tests += 1
        switch test {
        case .text(let bytes), .prefix(let bytes), .suffix(let bytes), .number(.text(let bytes)):
            self.textBytes += bytes.count
        case .equalsIgnoringCase(let text), .prefixIgnoringCase(let text), .suffixIgnoringCase(let text):
            self.textBytes += text.text.utf8.count
        case .wildcard(let glob):
            self.stars += glob.starCount
            self.textBytes += glob.text.utf8.count
        case .anythingBut(let tests):
            for test in tests { self.add(test) }
        default: break
        }
    }
}
