/// Turns nodes into branches. Collects every problem instead of stopping at the first.
///
/// The state is the list of branches so far, as in Event Ruler's compiler: a field is put into every branch, and `$or`
/// multiplies the branches. So what comes later replaces what came earlier at the same path, also across `$or`.
struct PatternCompiler {
    /// How many branches `$or` may expand to. Each costs memory and time; several `$or` multiply.
    static let maximumBranches = 1_024
    /// How many fields a branch may name; Event Ruler's own limit.
    static let maximumFields = 256
    /// Names that mean something else than a field inside `$or`, or are kept for the future.
    static let reservedNames: Set<String> = [
        "exactly", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric", "cidr", "equals-ignore-case",
        "=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case", "date-after",
        "date-on-or-after", "date-before", "date-on-or-before", "in-date-range", "ip-address-in-range",
        "ip-address-not-in-range",
    ]

    private typealias Branch = [[UInt8]: FieldPattern]

    let options: EventPattern.Options
    private(set) var problems: [PatternProblem] = []

    init(options: EventPattern.Options) {
        self.options = options
    }

    /// - Returns: nothing of use when `problems` is not empty afterwards.
    mutating func compile(_ node: PatternNode) -> [PatternBranch] {
        guard case .object = node else {
            self.refuse(.notAnObject, node.mark, "a pattern is an object of fields, found \(node.kindName)")
            return []
        }
        var branches: [Branch] = []
        self.object(node, path: [], insideOr: false, into: &branches)
        if let count = branches.map(\.count).max(), count > Self.maximumFields {
            self.refuse(.tooComplex, node.mark, "\(count) fields; at most \(Self.maximumFields) can be named together")
        }
        return branches.map { branch in
            // Event Ruler walks the fields in the order of Java's strings, by UTF-16; where a test for absence stands
            // in that order decides what it sees (see `ConsistencySearch`).
            PatternBranch(
                fields: branch.values.sorted { $0.path.utf16.lexicographicallyPrecedes($1.path.utf16) }
            )
        }
    }

    mutating func refuse(_ code: PatternProblem.Code, _ mark: PatternMark, _ message: String) {
        self.problems.append(PatternProblem(code, at: mark, message))
    }

    // MARK: Structure

    private mutating func object(
        _ node: PatternNode,
        path: [String],
        insideOr: Bool,
        into branches: inout [Branch]
    ) {
        guard case .object(let members, let mark) = node else { return }
        guard !members.isEmpty else {
            return self.refuse(.emptyObject, mark, "an empty object matches nothing; name at least one field")
        }
        guard path.count < PatternReader.maximumDepth else {
            return self.refuse(.tooDeep, mark, "more than \(PatternReader.maximumDepth) levels of nesting")
        }
        for member in members {
            if member.name == "$or" {
                self.alternatives(member, path: path, into: &branches)
            } else if insideOr, Self.reservedNames.contains(member.name) {
                self.refuse(
                    .reservedName,
                    member.mark,
                    "`\(member.name)` is an operator or reserved; inside $or it cannot name a field"
                )
            } else {
                self.field(member, path: path + [member.name], insideOr: insideOr, into: &branches)
            }
        }
    }

    private mutating func field(
        _ member: PatternMember,
        path: [String],
        insideOr: Bool,
        into branches: inout [Branch]
    ) {
        switch member.value {
        case .object:
            self.object(member.value, path: path, insideOr: insideOr, into: &branches)
        case .array(let elements, let mark):
            guard !elements.isEmpty else {
                return self.refuse(.emptyList, mark, "an empty list matches nothing; list at least one value")
            }
            self.put(elements, at: mark, path: path, into: &branches)
        case .string, .number, .bool, .null:
            self.scalar(member, path: path, into: &branches)
        }
    }

    private mutating func scalar(_ member: PatternMember, path: [String], into branches: inout [Branch]) {
        let mark = member.value.mark
        guard self.options.allowsScalarLeaves else {
            return self.refuse(
                .scalarField,
                mark,
                "`\(member.name)` must be an object or a list, found \(member.value.kindName); write [value]"
            )
        }
        // `source: {prefix: aos}` reads like the operator but would be the field `source.prefix`.
        guard !Self.reservedNames.contains(member.name) else {
            return self.refuse(
                .operatorAsField,
                member.mark,
                "`\(member.name)` is an operator and belongs into a list: [{\(member.name): ...}]; "
                    + "a field of that name is written with a list as its value"
            )
        }
        self.put([member.value], at: mark, path: path, into: &branches)
    }

    private mutating func put(
        _ elements: [PatternNode],
        at mark: PatternMark,
        path: [String],
        into branches: inout [Branch]
    ) {
        let tests = elements.compactMap { self.test($0) }
        let joined = path.joined(separator: ".")
        let key = Array(joined.utf8)
        if branches.isEmpty { branches = [[:]] }
        if self.options.refusesDuplicatePaths, branches.contains(where: { $0[key] != nil }) {
            self.refuse(.duplicatePath, mark, "`\(joined)` is named more than once")
        }
        guard !tests.isEmpty else { return }
        let field = FieldPattern(path: joined, mark: mark, alternatives: tests)
        for index in branches.indices { branches[index][key] = field }
    }

    // MARK: $or

    private mutating func alternatives(_ member: PatternMember, path: [String], into branches: inout [Branch]) {
        guard case .array(let elements, let mark) = member.value else {
            return self.refuse(
                .orShape,
                member.value.mark,
                "$or needs a list of objects, found \(member.value.kindName)"
            )
        }
        if elements.count < 2 {
            let count = elements.isEmpty ? "none" : "one"
            self.refuse(
                .orShape,
                mark,
                "$or needs at least two branches, found \(count); without a choice write the fields outside of $or"
            )
        }
        let before = branches.isEmpty ? [[:]] : branches
        var after: [Branch] = []
        for element in elements {
            guard case .object = element else {
                self.refuse(.orShape, element.mark, "each branch of $or is an object, found \(element.kindName)")
                continue
            }
            var branch = before
            self.object(element, path: path, insideOr: true, into: &branch)
            after += branch
            guard after.count <= Self.maximumBranches else {
                self.refuse(
                    .tooComplex,
                    mark,
                    "$or expands to more than \(Self.maximumBranches) combinations; "
                        + "list alternatives of one field in its list, or split the pattern"
                )
                return
            }
        }
        branches = after
    }
}
