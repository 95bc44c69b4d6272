/// A regular expression that is tried against whole texts, in time that grows with the text and never faster.
///
/// Patterns come from users and through the API, and texts from producers, so nothing that backtracks will do: a
/// pattern is compiled to a bounded list of instructions, and all ways through it are followed side by side, one
/// character at a time (Thompson's simulation). Anchored at both ends, as Alertmanager's are.
package struct LinearPattern: Sendable, Hashable, CustomStringConvertible {
    /// Bytes that a pattern may have.
    package static let maxSourceBytes = 4 * 1024
    /// Instructions that it may compile to; the work for one character is at most some of each.
    package static let maxInstructions = 4 * 1024

    enum Instruction: Hashable {
        /// Goes on to the next instruction when the character is in the set.
        case take(Int)
        case assert(PatternAssertion)
        case jump(Int)
        case split(Int, Int)
        case accept
    }

    /// The text it was compiled from.
    package let source: String
    private let instructions: [Instruction]
    private let sets: [CharacterTable]
    /// The text that it alone matches, when the pattern has no signs: the usual case.
    private let literal: String?

    /// Throws for what is no regular expression, or one that would be too large.
    package init(_ source: String) throws(PatternError) {
        guard source.utf8.count <= Self.maxSourceBytes else {
            throw PatternError("the pattern is longer than \(Self.maxSourceBytes) bytes", at: 0)
        }
        self.source = source
        var parser = PatternParser(source)
        let node = try parser.parse()
        var compiler = PatternCompiler()
        try compiler.add(node)
        compiler.finish()
        self.instructions = compiler.instructions
        self.sets = compiler.sets.map { CharacterTable(set: $0) }
        self.literal = Self.literal(of: node)
    }

    package var description: String { self.source }

    /// How many instructions it was compiled to.
    package var instructionCount: Int { self.instructions.count }

    package static func == (lhs: LinearPattern, rhs: LinearPattern) -> Bool { lhs.source == rhs.source }

    package func hash(into hasher: inout Hasher) { hasher.combine(self.source) }

    /// Whether the whole text is one that the pattern describes.
    package func matches(_ text: String) -> Bool {
        if let literal = self.literal { return literal.hasSameBytes(as: text) }
        var current = PatternThreads(count: self.instructions.count)
        var following = PatternThreads(count: self.instructions.count)
        var before: Unicode.Scalar?
        var iterator = text.unicodeScalars.makeIterator()
        var after = iterator.next()
        self.follow(0, before, after, into: &current)
        while let scalar = after {
            guard !current.isEmpty else { return false }
            before = scalar
            after = iterator.next()
            following.removeAll()
            for place in current.places {
                guard case .take(let set) = self.instructions[place], self.sets[set].contains(scalar) else { continue }
                self.follow(place + 1, before, after, into: &following)
            }
            swap(&current, &following)
        }
        return current.contains(self.instructions.count - 1)
    }

    /// Adds the place and all that can be reached from it without taking a character.
    private func follow(
        _ start: Int,
        _ before: Unicode.Scalar?,
        _ after: Unicode.Scalar?,
        into threads: inout PatternThreads
    ) {
        threads.pending.append(start)
        while let place = threads.pending.popLast() {
            guard threads.insert(place) else { continue }
            switch self.instructions[place] {
            case .take, .accept: break
            case .jump(let target): threads.pending.append(target)
            case .split(let first, let second):
                threads.pending.append(second)
                threads.pending.append(first)
            case .assert(let assertion):
                if assertion.holds(before: before, after: after) { threads.pending.append(place + 1) }
            }
        }
    }

    private static func literal(of node: PatternNode) -> String? {
        let items: [PatternNode] =
            switch node {
            case .empty: []
            case .sequence(let items): items
            default: [node]
            }
        var text = String.UnicodeScalarView()
        for item in items {
            guard case .one(let set) = item, !set.isNegated, !set.ignoresCase, set.ranges.count == 1,
                set.ranges[0].count == 1, let scalar = Unicode.Scalar(set.ranges[0].lowerBound)
            else { return nil }
            text.append(scalar)
        }
        return String(text)
    }
}

/// A set with its ASCII half as a table: the usual characters are looked up and not searched.
private struct CharacterTable: Sendable, Hashable {
    private let set: ScalarSet
    private let low: UInt64
    private let high: UInt64

    init(set: ScalarSet) {
        self.set = set
        var masks: (low: UInt64, high: UInt64) = (0, 0)
        for value in UInt8(0)..<64 where set.contains(Unicode.Scalar(value)) { masks.low |= 1 << UInt64(value) }
        for value in UInt8(64)..<128 where set.contains(Unicode.Scalar(value)) { masks.high |= 1 << UInt64(value - 64) }
        self.low = masks.low
        self.high = masks.high
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<64: self.low >> UInt64(scalar.value) & 1 == 1
        case 64..<128: self.high >> UInt64(scalar.value - 64) & 1 == 1
        default: self.set.contains(scalar)
        }
    }
}

/// The instructions at which a match may stand, each once: a sparse set, emptied in one step.
private struct PatternThreads {
    private(set) var places: [Int] = []
    private var index: [Int]
    /// Work of `follow`, kept to be used again.
    var pending: [Int] = []

    init(count: Int) {
        self.index = [Int](repeating: 0, count: count)
        self.places.reserveCapacity(count)
    }

    var isEmpty: Bool { self.places.isEmpty }

    func contains(_ place: Int) -> Bool {
        let at = self.index[place]
        return at < self.places.count && self.places[at] == place
    }

    mutating func insert(_ place: Int) -> Bool {
        guard !self.contains(place) else { return false }
        self.index[place] = self.places.count
        self.places.append(place)
        return true
    }

    mutating func removeAll() { self.places.removeAll(keepingCapacity: true) }
}

/// Writes the instructions of a parsed pattern.
private struct PatternCompiler {
    private(set) var instructions: [LinearPattern.Instruction] = []
    private(set) var sets: [ScalarSet] = []
    private var setNumbers: [ScalarSet: Int] = [:]
    /// Parts written; also those that need no instruction, because they too can be repeated a million times.
    private var parts = 0

    mutating func finish() { self.instructions.append(.accept) }

    mutating func add(_ node: PatternNode) throws(PatternError) {
        self.parts += 1
        guard self.parts <= LinearPattern.maxInstructions, self.instructions.count < LinearPattern.maxInstructions
        else {
            throw PatternError(
                "the pattern is too large: it needs more than \(LinearPattern.maxInstructions) steps; repeat less often",
                at: 0
            )
        }
        switch node {
        case .empty: break
        case .one(let set): self.instructions.append(.take(self.number(of: set)))
        case .assertion(let assertion): self.instructions.append(.assert(assertion))
        case .sequence(let items): for item in items { try self.add(item) }
        case .alternatives(let branches): try self.addAlternatives(branches)
        case .repeated(let item, let least, let most): try self.addRepeated(item, least, most)
        }
    }

    private mutating func number(of set: ScalarSet) -> Int {
        if let known = self.setNumbers[set] { return known }
        self.sets.append(set)
        self.setNumbers[set] = self.sets.count - 1
        return self.sets.count - 1
    }

    private mutating func addAlternatives(_ branches: [PatternNode]) throws(PatternError) {
        var jumps: [Int] = []
        for (index, branch) in branches.enumerated() {
            guard index < branches.count - 1 else {
                try self.add(branch)
                break
            }
            let split = self.reserve()
            try self.add(branch)
            jumps.append(self.reserve())
            self.instructions[split] = .split(split + 1, self.instructions.count)
        }
        for jump in jumps { self.instructions[jump] = .jump(self.instructions.count) }
    }

    private mutating func addRepeated(_ item: PatternNode, _ least: Int, _ most: Int?) throws(PatternError) {
        for _ in 0..<least { try self.add(item) }
        guard let most else {
            let split = self.reserve()
            try self.add(item)
            self.instructions.append(.jump(split))
            self.instructions[split] = .split(split + 1, self.instructions.count)
            return
        }
        var splits: [Int] = []
        for _ in least..<max(least, most) {
            splits.append(self.reserve())
            try self.add(item)
        }
        for split in splits { self.instructions[split] = .split(split + 1, self.instructions.count) }
    }

    private mutating func reserve() -> Int {
        self.instructions.append(.jump(0))
        return self.instructions.count - 1
    }
}
