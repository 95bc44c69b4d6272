import EventPatterns

/// Event patterns as the text describes them, one sentence after the other, without a thought for speed: the oracle
/// for the real matcher. It shares no code with it but the JSON reader.
enum NaiveMatcher {
    static func matches(_ pattern: PatternNode, not: PatternNode? = nil, event: PatternNode) -> Bool {
        Self.matches(
            Self.branches(of: pattern),
            not: not.map { Self.branches(of: $0) } ?? [],
            values: Self.flatten(event)
        )
    }

    static func matches(_ branches: [Branch], not: [Branch], values: [Value]) -> Bool {
        !not.contains { Self.matches(branch: $0, values: values) }
            && branches.contains { Self.matches(branch: $0, values: values) }
    }

    // MARK: The pattern

    /// A path is compared by its bytes.
    struct Path: Hashable, Comparable {
        var text: [Character16]
        typealias Character16 = UInt16

        init(_ text: String) { self.text = Array(text.utf16) }

        static func < (lhs: Path, rhs: Path) -> Bool { lhs.text.lexicographicallyPrecedes(rhs.text) }
    }

    typealias Branch = [Path: [PatternNode]]

    static func branches(of pattern: PatternNode) -> [Branch] {
        var branches: [Branch] = [[:]]
        Self.expand(pattern, path: "", into: &branches)
        return branches
    }

    private static func expand(_ node: PatternNode, path: String, into branches: inout [Branch]) {
        guard case .object(let members, _) = node else { return }
        for member in members {
            let inner = path.isEmpty ? member.name : path + "." + member.name
            switch member.value {
            case .array(let objects, _) where member.name == "$or":
                branches = objects.flatMap { object in
                    var copy = branches
                    Self.expand(object, path: path, into: &copy)
                    return copy
                }
            case .object: Self.expand(member.value, path: inner, into: &branches)
            case .array(let alternatives, _):
                for index in branches.indices { branches[index][Path(inner)] = alternatives }
            default:
                for index in branches.indices { branches[index][Path(inner)] = [member.value] }
            }
        }
    }

    // MARK: The event

    struct Value {
        var path: Path
        var node: PatternNode
        /// Array to element.
        var membership: [Int: Int]
    }

    static func flatten(_ event: PatternNode) -> [Value] {
        var values: [Value] = []
        var arrayCount = 0
        func walk(_ node: PatternNode, _ path: String?, _ membership: [Int: Int]) {
            switch node {
            case .object(let members, _):
                for (index, member) in members.enumerated() {
                    let isLast = !members[(index + 1)...].contains { $0.name.utf8.elementsEqual(member.name.utf8) }
                    guard isLast else { continue }
                    walk(member.value, path.map { $0 + "." + member.name } ?? member.name, membership)
                }
            case .array(let elements, _):
                let array = arrayCount
                arrayCount += 1
                for (index, element) in elements.enumerated() {
                    var inner = membership
                    switch element {
                    case .object, .array: inner[array] = index
                    default: break
                    }
                    walk(element, path, inner)
                }
            default:
                values.append(Value(path: Path(path ?? ""), node: node, membership: membership))
            }
        }
        walk(event, nil, [:])
        return values
    }

    // MARK: Fields together

    private static func matches(branch: Branch, values: [Value]) -> Bool {
        func step(_ paths: ArraySlice<Path>, _ membership: [Int: Int]) -> Bool {
            guard let path = paths.first, let alternatives = branch[path] else { return true }
            let candidates = values.filter { $0.path == path && Self.isConsistent($0.membership, membership) }
            for value in candidates where alternatives.contains(where: { NaiveTest.passes($0, value.node) }) {
                if step(paths.dropFirst(), membership.merging(value.membership) { old, _ in old }) { return true }
            }
            if candidates.isEmpty, alternatives.contains(where: NaiveTest.isAbsence) {
                return step(paths.dropFirst(), membership)
            }
            return false
        }
        return step(branch.keys.sorted()[...], [:])
    }

    private static func isConsistent(_ a: [Int: Int], _ b: [Int: Int]) -> Bool {
        a.allSatisfy { array, element in b[array].map { $0 == element } ?? true }
    }
}
