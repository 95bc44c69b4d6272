package import EventPatterns
import Events
import Reactions

/// Which handlers an event reaches, in which order, and where each call is counted.
///
/// Built from one configuration and replaced as a whole. Belongs to one thread, because the matcher has scratch space.
package final class RouteTable {
    package let entries: [HandlerEntry]
    package let matcher: RuleMatcher
    /// How each rule of the matcher is called; it knows only the enabled handlers.
    let calls: UnsafeBufferPointer<RuleCall>
    /// The closures among the handlers' bodies that run inline, in the order of `entries`: a body as a whole is large.
    let inlineBodies: [HandlerEntry.InlineBody?]
    package let types: TypeTable
    /// The matcher's number of a type -> ours.
    private let typeOfNumber: UnsafeBufferPointer<Int>
    /// The number of the type `reactor.heartbeat`, when some enabled handler names it.
    package let heartbeatType: Int?
    /// First counter of each handler.
    private let slotBase: [Int]
    /// For a handler with only exact types: their numbers; nil for one that accepts any type.
    private let slotTypes: [[Int]?]
    package let slotCount: Int

    /// - Parameter entries: in the order of the files, then of registration.
    package init(_ entries: [HandlerEntry]) {
        self.entries = entries
        self.inlineBodies = entries.map { if case .inline(let body) = $0.body { body } else { nil } }
        let enabled = entries.indices.filter { entries[$0].enabled }
        // Ends come last: of an event that both raises and ends, the end holds.
        let ending = enabled.filter { !entries[$0].resolveOn.isEmpty }
        self.matcher = RuleMatcher(
            enabled.map { index in
                RuleSpecification(on: entries[index].on, match: entries[index].match, priority: entries[index].priority)
            } + ending.map { RuleSpecification(on: entries[$0].resolveOn, match: nil, priority: .min) }
        )
        let types = TypeTable(entries.flatMap { ($0.on + $0.resolveOn).compactMap(\.exactType) })
        self.types = types
        let typeOfNumber = UnsafeMutableBufferPointer<Int>.allocate(capacity: self.matcher.numberCount)
        typeOfNumber.initialize(repeating: types.otherIndex)
        for (index, name) in types.names.enumerated() where index != types.otherIndex {
            let number = Int(self.matcher.number(ofText: name))
            if number >= 0 { typeOfNumber[number] = index }
        }
        self.typeOfNumber = UnsafeBufferPointer(typeOfNumber)
        let namesHeartbeat = enabled.contains { entries[$0].names(InternalEvent.heartbeatType) }
        self.heartbeatType = namesHeartbeat ? types.index(of: InternalEvent.heartbeatType) : nil
        var slotBase: [Int] = []
        var slotTypes: [[Int]?] = []
        var next = 0
        for entry in entries {
            slotBase.append(next)
            let exact = (entry.on + entry.resolveOn).map { $0.exactType.map { text in types.index(ofText: text) } }
            if exact.allSatisfy({ $0 != nil }) {
                var seen: Set<Int> = []
                let indexes = exact.compactMap { $0 }.filter { seen.insert($0).inserted }
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
        let rules = enabled.map { (index: $0, ends: false) } + ending.map { (index: $0, ends: true) }
        let calls = rules.map { index, ends in
            let counting: RuleCall.Counting =
                if let types = slotTypes[index] { types.count == 1 ? .single : .byName } else { .byType }
            return RuleCall(
                entries[index].body,
                handler: index,
                counting: counting,
                firstSlot: slotBase[index],
                ends: ends
            )
        }
        let memory = UnsafeMutableBufferPointer<RuleCall>.allocate(capacity: calls.count)
        _ = memory.initialize(from: calls)
        self.calls = UnsafeBufferPointer(memory)
    }

    deinit {
        self.calls.deallocate()
        self.typeOfNumber.deallocate()
    }

    /// Our number of an event's type; that of `other` when no handler names it.
    /// - Parameter number: the matcher's, so that a type is looked up once. A type that only handlers name that are
    ///   switched off has none there.
    @inline(__always)
    func type(of eventType: ByteView, number: Int32) -> Int {
        number >= 0 ? self.typeOfNumber[Int(number)] : self.types.index(of: eventType)
    }

    /// All handlers in the order of dispatch, counted from 1; the disabled ones last, with 0.
    package var order: [HandlerPlace] { HandlerPlace.all(self.entries) }

    /// The counter of (handler, event type).
    package func slot(handler: Int, type: Int) -> Int {
        guard let types = self.slotTypes[handler] else { return self.slotBase[handler] + type }
        return self.slotBase[handler] + (types.count == 1 ? 0 : types.firstIndex(of: type) ?? 0)
    }

    @inline(__always)
    func slot(of call: RuleCall, type: Int) -> Int {
        switch call.counting {
        case .single: call.firstSlot
        case .byType: call.firstSlot &+ type
        case .byName: self.slot(handler: call.handler, type: type)
        }
    }

    /// Each counter's handler and event type, in the order of the counters.
    package var slotLabels: [(handler: Int, type: Int)] {
        self.entries.indices.flatMap { handler in
            (self.slotTypes[handler] ?? Array(0..<self.types.count)).map { (handler, $0) }
        }
    }

    /// Whether the handler names the type exactly, so that it gets events that wildcards are spared.
    package func names(_ type: Int, handler: Int) -> Bool {
        var name = self.types.names[type]
        return name.withUTF8 { self.entries[handler].names(ByteView(UnsafeRawBufferPointer($0))) }
    }
}

extension RouteTable {
    /// For each counter of an earlier table the one that goes on with it here: of the handler of the same name, for the
    /// same type. Nil when there is none.
    func slots(continuing old: RouteTable) -> [Int?] {
        let (oldKeys, newKeys) = (old.handlerKeys, self.handlerKeys)
        let handlers = Dictionary(zip(newKeys, self.entries.indices)) { first, _ in first }
        let types = old.types.names.map { self.types.index(ofText: $0) }
        return old.slotLabels.map { label in
            guard let handler = handlers[oldKeys[label.handler]] else { return nil }
            let type = types[label.type]
            guard let own = self.slotTypes[handler] else { return self.slot(handler: handler, type: type) }
            return own.contains(type) ? self.slot(handler: handler, type: type) : nil
        }
    }

    private struct HandlerKey: Hashable {
        var name: String
        /// The first, second, ... of that name: closures may share one.
        var number: Int
    }

    private var handlerKeys: [HandlerKey] {
        var seen: [String: Int] = [:]
        return self.entries.map { entry in
            seen[entry.name, default: 0] += 1
            return HandlerKey(name: entry.name, number: seen[entry.name] ?? 1)
        }
    }
}

extension HandlerEntry {
    /// Whether it names the type exactly.
    func names(_ type: ByteView) -> Bool {
        self.on.contains { $0.exactType.map { $0.utf8.elementsEqual(type.buffer) } ?? false }
    }
}

extension TypePattern {
    var isExact: Bool { self.exactType != nil }

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

/// The place of a handler in the order of dispatch.
package struct HandlerPlace: Sendable, Hashable {
    /// Its index among the entries.
    package var entry: Int
    /// From 1; 0 when it is disabled.
    package var order: Int

    /// Higher priority first; among equals exact types before wildcards, then the order of the entries.
    package static func all(_ entries: [HandlerEntry]) -> [HandlerPlace] {
        let enabled = entries.indices.filter { entries[$0].enabled }
        let sorted = enabled.sorted { left, right in
            let (a, b) = (entries[left], entries[right])
            if a.priority != b.priority { return a.priority > b.priority }
            let (exactA, exactB) = (a.on.allSatisfy(\.isExact), b.on.allSatisfy(\.isExact))
            if exactA != exactB { return exactA }
            return left < right
        }
        return sorted.enumerated().map { HandlerPlace(entry: $1, order: $0 + 1) }
            + entries.indices.filter { !entries[$0].enabled }.map { HandlerPlace(entry: $0, order: 0) }
    }
}
