/// Memory for the tables of an automaton: filled while it is built, never changed afterwards, freed as one.
///
/// Unchecked, because the compiler does not know what a pointer stands for: only the builder writes, before anybody
/// else sees the arena, so any number of threads may read what it holds.
final class Arena: @unchecked Sendable {
    private var blocks: [UnsafeMutableRawPointer] = []
    /// How many bytes the tables take.
    private(set) var byteCount = 0

    init() {}

    deinit {
        for block in self.blocks { block.deallocate() }
    }

    /// Copies elements to where they stay. An empty list gives a pointer that must not be read.
    func put<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafePointer<Element> {
        let size = max(elements.count, 1) * MemoryLayout<Element>.stride
        let block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: MemoryLayout<Element>.alignment)
        self.blocks.append(block)
        self.byteCount += size
        let memory = block.bindMemory(to: Element.self, capacity: max(elements.count, 1))
        elements.withUnsafeBufferPointer { source in
            if let start = source.baseAddress { memory.initialize(from: start, count: source.count) }
        }
        return UnsafePointer(memory)
    }
}
