import Events

/// A leaf with everything that it says, to be compared by value.
struct OwnedLeaf: Hashable, CustomStringConvertible {
    var path: String
    var kind: FieldKind
    var text: [UInt8]
    /// The array elements that it lies in, outermost first.
    var places: [ArrayElement]

    var description: String {
        "\(self.path)=\(String(decoding: self.text, as: UTF8.self))(\(self.kind))\(self.places)"
    }
}

struct ArrayElement: Hashable {
    var array: Int
    var index: Int
}

extension FieldLeaves {
    /// A copy that outlives the decoder's next use.
    func owned(_ fields: FieldSet) -> [OwnedLeaf] {
        self.map { leaf in
            var places: [ArrayElement] = []
            var next = leaf.place
            while next >= 0 {
                let place = self.place(next)
                places.insert(ArrayElement(array: place.array, index: place.index), at: 0)
                next = place.parent
            }
            let hasText = leaf.kind == .string || leaf.kind == .number
            return OwnedLeaf(
                path: fields.paths[leaf.field],
                kind: leaf.kind,
                text: hasText ? leaf.bytes.bytes : [],
                places: places
            )
        }
    }
}

extension [OwnedLeaf] {
    /// The same with the arrays numbered in the order in which these leaves name them.
    var withArraysRenumbered: [OwnedLeaf] {
        var numbers: [Int: Int] = [:]
        return self.map { leaf in
            var leaf = leaf
            leaf.places = leaf.places.map { place in
                let number = numbers[place.array] ?? numbers.count
                numbers[place.array] = number
                return ArrayElement(array: number, index: place.index)
            }
            return leaf
        }
    }
}

/// Takes leaves out of a value the obvious way.
struct NaiveLeaves {
    private let paths: Set<[UInt8]>
    private var arrays = 0
    private(set) var leaves: [OwnedLeaf] = []

    static func of(_ value: JSONValue, paths: [String]) -> [OwnedLeaf] {
        guard case .object = value else { return [] }
        var reader = NaiveLeaves(paths: Set(paths.map { Array($0.utf8) }))
        reader.walk(value, path: [], places: [])
        return reader.leaves
    }

    private init(paths: Set<[UInt8]>) { self.paths = paths }

    private mutating func walk(_ value: JSONValue, path: [String], places: [ArrayElement]) {
        switch value {
        case .object(let members):
            for (index, member) in members.enumerated() {
                let isRepeated = members[(index + 1)...].contains { $0.name.utf8.elementsEqual(member.name.utf8) }
                if !isRepeated { self.walk(member.value, path: path + [member.name], places: places) }
            }
        case .array(let elements):
            let array = self.arrays
            self.arrays += 1
            for (index, element) in elements.enumerated() {
                switch element {
                case .object, .array:
                    self.walk(element, path: path, places: places + [ArrayElement(array: array, index: index)])
                default:
                    self.walk(element, path: path, places: places)
                }
            }
        case .null: self.add(path, .null, "", places)
        case .bool(let flag): self.add(path, flag ? .true : .false, "", places)
        case .number(let text): self.add(path, .number, text, places)
        case .string(let text): self.add(path, .string, text, places)
        }
    }

    private mutating func add(_ path: [String], _ kind: FieldKind, _ text: String, _ places: [ArrayElement]) {
        let joined = path.joined(separator: ".")
        guard self.paths.contains(Array(joined.utf8)) else { return }
        self.leaves.append(OwnedLeaf(path: joined, kind: kind, text: Array(text.utf8), places: places))
    }
}
