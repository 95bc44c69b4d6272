import Events
import Mustache

/// How much text one rendering may still produce. Shared by all values that a rendering touches.
///
/// Used within one call of `render` only, by one thread.
final class RenderBudget {
    private(set) var remaining: Int
    private(set) var isExceeded = false
    /// What one turn of a section costs beside its values: the template's own text, which each turn may repeat.
    let turn: Int

    init(bytes: Int, turn: Int) {
        self.remaining = bytes
        self.turn = turn + 1
    }

    func spendTurn() -> Bool {
        guard self.remaining >= self.turn else {
            self.isExceeded = true
            self.remaining = 0
            return false
        }
        self.remaining -= self.turn
        return true
    }

    func spend(_ text: String) -> String {
        let count = text.utf8.count
        guard count > self.remaining else {
            self.remaining -= count
            return text
        }
        self.isExceeded = true
        let cut = text.clipped(toBytes: self.remaining)
        self.remaining = 0
        return cut
    }
}

/// The functions of swift-mustache that templates may use.
enum MustacheFunction: String, CaseIterable {
    case count
    case empty
    case first
    case last
    case reversed
    case uppercased
    case lowercased
    case index
    case even
    case odd
}

/// What swift-mustache sees of a JSON value. It asks for members, turns and text, so that no reflection is needed and
/// every piece of text is counted.
enum MustacheValue {
    static func wrap(_ value: JSONValue?, _ budget: RenderBudget) -> Any? {
        switch value {
        case nil, .null: nil
        case .bool(let flag): flag
        case .array(let elements): MustacheArray(elements: elements, budget: budget)
        case .some(let other): MustacheLeaf(value: other, budget: budget)
        }
    }
}

/// A string, a number or an object.
struct MustacheLeaf: MustacheParent, MustacheCustomRenderable, MustacheTransformable {
    let value: JSONValue
    let budget: RenderBudget

    var renderText: String { self.budget.spend(self.value.templateText) }

    var isNull: Bool { self.value == .null }

    func child(named name: String) -> Any? { MustacheValue.wrap(self.value[name], self.budget) }

    func transform(_ name: String) -> Any? {
        switch (MustacheFunction(rawValue: name), self.value) {
        case (.uppercased, .string(let text)): self.wrap(text.uppercased())
        case (.lowercased, .string(let text)): self.wrap(text.lowercased())
        case (.reversed, .string(let text)): self.wrap(String(text.reversed()))
        case (.empty, .string(let text)): text.isEmpty
        case (.empty, .object(let members)): members.isEmpty
        case (.count, .object(let members)): members.count
        default: nil
        }
    }

    private func wrap(_ text: String) -> MustacheLeaf { MustacheLeaf(value: .string(text), budget: self.budget) }
}

/// An array: a section turns once for each element, as long as the budget lasts.
struct MustacheArray: MustacheSequence, MustacheParent, MustacheCustomRenderable, MustacheTransformable {
    let elements: [JSONValue]
    let budget: RenderBudget

    struct Iterator: IteratorProtocol {
        var elements: IndexingIterator<[JSONValue]>
        let budget: RenderBudget

        mutating func next() -> Any? {
            guard let element = self.elements.next(), self.budget.spendTurn() else { return nil }
            return MustacheValue.wrap(element, self.budget) ?? MustacheLeaf(value: .null, budget: self.budget)
        }
    }

    func makeIterator() -> Iterator { Iterator(elements: self.elements.makeIterator(), budget: self.budget) }

    var renderText: String { self.budget.spend(JSONValue.array(self.elements).templateText) }

    var isNull: Bool { false }

    func child(named name: String) -> Any? { nil }

    func transform(_ name: String) -> Any? {
        switch MustacheFunction(rawValue: name) {
        case .count: self.elements.count
        case .empty: self.elements.isEmpty
        case .first: MustacheValue.wrap(self.elements.first, self.budget)
        case .last: MustacheValue.wrap(self.elements.last, self.budget)
        case .reversed: MustacheArray(elements: self.elements.reversed(), budget: self.budget)
        default: nil
        }
    }
}

/// The whole event, as the outermost value of a rendering.
struct MustacheEvent: MustacheParent, MustacheCustomRenderable {
    let fields: [EnvelopeField: JSONValue]
    let budget: RenderBudget

    func child(named name: String) -> Any? {
        EnvelopeField(rawValue: name).flatMap { MustacheValue.wrap(self.fields[$0], self.budget) }
    }

    var renderText: String {
        let members = EnvelopeField.allCases.compactMap { field in
            self.fields[field].map { JSONMember(field.rawValue, $0) }
        }
        return self.budget.spend(JSONValue.object(members).templateText)
    }

    var isNull: Bool { false }
}
