import Events

/// The leaves of one JSON text, found without a decoder: for explanations and for tests.
///
/// Of a member that is named twice in one object the last one counts, as in the payload of an event.
package final class EventDocument: PatternLeaves {
    private var leaves: [PatternLeaf] = []
    private var places: [PatternPlace] = []
    private var arrayCount = 0
    /// The bytes that the leaves point into; freed with the document.
    private var strings: [UnsafeMutableBufferPointer<UInt8>] = []
    private let fields: [[UInt8]: Int]

    /// - Parameters:
    ///   - json: The text of an object.
    ///   - paths: The paths to look for; their order gives the fields.
    /// - Throws: `PatternError` when the text is not one JSON object.
    package init(json: [UInt8], paths: [String]) throws(PatternError) {
        let root = try PatternReader.read(json)
        self.fields = Dictionary(
            paths.enumerated().map { (Array($0.element.utf8), $0.offset) },
            uniquingKeysWith: { first, _ in first }
        )
        guard case .object(let members, _) = root else {
            throw PatternError([
                PatternProblem(.notAnObject, at: root.mark, "an event is an object, found \(root.kindName)")
            ])
        }
        self.flatten(members, prefix: [], place: -1)
    }

    deinit {
        for string in self.strings { string.deallocate() }
    }

    package var leafCount: Int { self.leaves.count }
    package func patternLeaf(_ index: Int) -> PatternLeaf { self.leaves[index] }
    package var placeCount: Int { self.places.count }
    package func patternPlace(_ index: Int) -> PatternPlace { self.places[index] }

    private func flatten(_ members: [PatternMember], prefix: [UInt8], place: Int) {
        var lastOfName: [[UInt8]: Int] = [:]
        for (index, member) in members.enumerated() { lastOfName[Array(member.name.utf8)] = index }
        for (index, member) in members.enumerated() where lastOfName[Array(member.name.utf8)] == index {
            self.flatten(member.value, path: prefix + Array(member.name.utf8), place: place)
        }
    }

    private func flatten(_ node: PatternNode, path: [UInt8], place: Int) {
        switch node {
        case .object(let members, _):
            self.flatten(members, prefix: path + [UInt8(ascii: ".")], place: place)
        case .array(let elements, _):
            self.flatten(elements, path: path, place: place)
        case .string(let text, _): self.add(.string, Array(text.utf8), path, place)
        case .number(let text, _): self.add(.number, Array(text.utf8), path, place)
        case .bool(let value, _): self.add(value ? .true : .false, [], path, place)
        case .null: self.add(.null, [], path, place)
        }
    }

    private func flatten(_ elements: [PatternNode], path: [UInt8], place: Int) {
        let array = self.arrayCount
        self.arrayCount += 1
        for element in elements {
            switch element {
            case .object, .array:
                self.places.append(PatternPlace(parent: place, array: array))
                self.flatten(element, path: path, place: self.places.count - 1)
            case .string, .number, .bool, .null:
                self.flatten(element, path: path, place: place)
            }
        }
    }

    private func add(_ kind: FieldKind, _ bytes: [UInt8], _ path: [UInt8], _ place: Int) {
        guard let field = self.fields[path] else { return }
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(bytes.count, 1))
        _ = copy.initialize(from: bytes)
        self.strings.append(copy)
        let view = ByteView(start: UnsafePointer(copy.baseAddress!), count: bytes.count)
        self.leaves.append(PatternLeaf(field: field, kind: kind, bytes: view, place: place))
    }
}
