package import EventPatterns
package import Events

/// Which handlers an event reaches, in which order, and where each call is counted.
///
/// Built from one configuration and replaced as a whole. Belongs to one thread, because the matcher has scratch space.
package final class RouteTable {
    package let entries: [HandlerEntry]
    package let matcher: RuleMatcher
    package let types: TypeTable
    /// The number of the type `reactor.heartbeat`, when some handler names it.
    package let heartbeatType: Int?
    /// First counter of each handler.
    private let slotBase: [Int]
    /// For a handler with only exact types: their numbers; nil for one that accepts any type.
    private let slotTypes: [[Int]?]
    package let slotCount: Int

    /// - Parameter entries: in the order of the files, then of registration.
    package init(_ entries: [HandlerEntry]) {
        self.entries = entries
        self.matcher = RuleMatcher(
            entries.enumerated().filter(\.element.enabled).map { index, entry in
                RuleSpecification(id: index, on: entry.on, match: entry.match, priority: entry.priority)
            }
        )
        let types = TypeTable(entries.flatMap { $0.on.compactMap(\.exactType) })
        self.types = types
        let heartbeat = types.index(of: InternalEvent.heartbeatType)
        self.heartbeatType = heartbeat == types.otherIndex ? nil : heartbeat
        var slotBase: [Int] = []
        var slotTypes: [[Int]?] = []
        var next = 0
        for entry in entries {
            slotBase.append(next)
            let exact = entry.on.map { $0.exactType.map { text in types.index(ofText: text) } }
            if exact.allSatisfy({ $0 != nil }) {
                let indexes = exact.compactMap { $0 }
                slotTypes.append(indexes)
                next += indexes.count
            } else {
                slotTypes.append(nil)
                next += types.count
            }
        }
        self.slotBase = slotBase
        self.slotTypes = slotTypes
        self.slotCount = next
    }

    /// The counter of (handler, event type).
    package func slot(handler: Int, type: Int) -> Int {
        guard let types = self.slotTypes[handler] else { return self.slotBase[handler] + type }
        return self.slotBase[handler] + (types.count == 1 ? 0 : types.firstIndex(of: type) ?? 0)
    }

    /// Each counter's handler and event type, in the order of the counters.
    package var slotLabels: [(handler: Int, type: Int)] {
        self.entries.indices.flatMap { handler in
            (self.slotTypes[handler] ?? Array(0..<self.types.count)).map { (handler, $0) }
        }
    }

    /// Whether the handler names the type exactly, so that it gets events that wildcards are spared.
    package func names(_ type: Int, handler: Int) -> Bool {
        let name = self.types.names[type]
        return self.entries[handler].on.contains { $0.exactType.map { $0.utf8.elementsEqual(name.utf8) } ?? false }
    }
}

extension TypePattern {
    /// The one type it stands for; nil for wildcards.
    var exactType: String? {
        guard case .exact(let type) = self else { return nil }
        return type
    }
}

extension TypeTable {
    /// The number of a type given as text.
    func index(ofText text: String) -> Int {
        var text = text
        return text.withUTF8 { self.index(of: ByteView(UnsafeRawBufferPointer($0))) }
    }
}
