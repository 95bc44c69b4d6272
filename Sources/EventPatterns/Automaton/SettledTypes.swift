import Glibc

/// What rules accept events of a type that they name, for the types where nothing but the type decides: no rule that
/// listens to one of them has a pattern. Filled in as such types come; after that an event of theirs costs one look.
///
/// One line of memory a type, so that it is bounded by the rules; a type with more rules than fit into one is matched
/// anew each time.
struct SettledTypes {
    /// A line: what is known, then the rules' numbers in the order of dispatch.
    private static let stride = 16

    private enum Known {
        static let nothing: Int32 = 0
        static let dependsOnEvent: Int32 = -1
        /// Where counting begins: this many rules and one more.
        static let none: Int32 = 1
    }

    private let lines: UnsafeMutablePointer<Int32>

    /// - Parameter types: how many types some rule names; they are numbered from 0.
    init(types: Int) {
        // Zeros from the kernel, so that lines of types that never come take no memory.
        let memory = calloc(max(types, 1) * Self.stride, MemoryLayout<Int32>.stride)
        guard let memory else { fatalError("out of memory for a matcher") }
        self.lines = memory.bindMemory(to: Int32.self, capacity: max(types, 1) * Self.stride)
    }

    func deallocate() { free(self.lines) }

    /// The rules that accept all events of a type; nil when that is not known, or not all events are alike.
    /// - Parameter type: its number, or -1 for one that no rule names.
    @inline(__always)
    func rules(of type: Int32) -> UnsafeBufferPointer<Int32>? {
        guard type >= 0 else { return nil }
        let line = self.lines + Int(type) &* Self.stride
        let known = line[0]
        guard known > Known.nothing else { return nil }
        return UnsafeBufferPointer(start: line + 1, count: Int(known &- Known.none))
    }

    /// Whether nothing was learnt of a type yet.
    @inline(__always)
    func isUnknown(_ type: Int32) -> Bool { type >= 0 && self.lines[Int(type) &* Self.stride] == Known.nothing }

    /// Remembers what was found for an event of the type.
    /// - Parameter rules: nil when it depends on the event.
    func learn(_ type: Int32, rules: UnsafeBufferPointer<Int32>?) {
        let line = self.lines + Int(type) * Self.stride
        guard let rules, rules.count < Self.stride else {
            line[0] = Known.dependsOnEvent
            return
        }
        for (index, rule) in rules.enumerated() { line[index + 1] = rule }
        line[0] = Int32(rules.count) + Known.none
    }
}
