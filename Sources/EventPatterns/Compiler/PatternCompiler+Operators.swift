extension PatternCompiler {
    static let operatorNames = [
        "exactly", "prefix", "suffix", "equals-ignore-case", "wildcard", "anything-but", "numeric", "cidr", "exists",
    ]

    /// One element of a field's list.
    mutating func test(_ node: PatternNode) -> PatternTest? {
        switch node {
        case .string(let text, _):
            if let address = IPAddress(text) { return .address(address) }
            return .text(Array(text.utf8))
        case .number(let text, let mark): return self.number(text, mark)
        case .bool(let value, _): return .bool(value)
        case .null: return .null
        case .object(let members, let mark): return self.expression(members, mark)
        case .array(_, let mark):
            self.refuse(.nestedList, mark, "a list inside a field's list; write its values into one list")
            return nil
        }
    }

    private mutating func number(_ text: String, _ mark: PatternMark) -> PatternTest? {
        let bytes = Array(text.utf8)
        guard bytes.withUnsafeBufferPointer({ ExactNumber.scan($0.baseAddress!, count: $0.count) }) != nil else {
            self.refuse(.inexactNumber, mark, "`\(text)` is not a number that JSON can write")
            return nil
        }
        return .number(NumberValue(bytes))
    }

    private mutating func expression(_ members: [PatternMember], _ mark: PatternMark) -> PatternTest? {
        guard let member = members.first else {
            self.refuse(.emptyObject, mark, "an empty object is no test; write one of \(Self.operatorList)")
            return nil
        }
        guard members.count == 1 else {
            let names = members.map { "`\($0.name)`" }.joined(separator: " and ")
            self.refuse(
                .operatorCount,
                members[1].mark,
                "one operator in an object, found \(names); write one object each"
            )
            return nil
        }
        switch member.name {
        case "exactly": return self.text(member).map { .text(Array($0.utf8)) }
        case "prefix": return self.affix(member, plain: PatternTest.prefix, caseless: PatternTest.prefixIgnoringCase)
        case "suffix": return self.affix(member, plain: PatternTest.suffix, caseless: PatternTest.suffixIgnoringCase)
        case "equals-ignore-case": return self.text(member).map { .equalsIgnoringCase(CaselessText($0)) }
        case "wildcard": return self.text(member).flatMap { self.glob($0, member.value.mark) }.map { .wildcard($0) }
        case "anything-but": return self.exclusion(member)
        case "numeric": return self.numeric(member)
        case "cidr": return self.text(member).flatMap { self.block($0, member.value.mark) }
        case "exists": return self.existence(member)
        default:
            self.refuseOperator(member.name, member.mark, allowed: Self.operatorNames)
            return nil
        }
    }

    // MARK: Operators with a string

    /// The operand of an operator that takes exactly one string.
    private mutating func text(_ member: PatternMember) -> String? {
        if case .string(let text, _) = member.value { return text }
        var message = "`\(member.name)` needs a string, found \(member.value.kindName)"
        if case .array = member.value {
            message += "; for alternatives write one entry each: [{\(member.name): a}, {\(member.name): b}]"
        }
        self.refuse(.operandKind, member.value.mark, message)
        return nil
    }

    private mutating func affix(
        _ member: PatternMember,
        plain: ([UInt8]) -> PatternTest,
        caseless: (CaselessText) -> PatternTest
    ) -> PatternTest? {
        guard case .object(let members, let mark) = member.value else {
            return self.text(member).map { plain(Array($0.utf8)) }
        }
        guard members.count == 1, members[0].name == "equals-ignore-case" else {
            self.refuse(
                .operandKind,
                members.first?.mark ?? mark,
                "`\(member.name)` takes a string or {equals-ignore-case: string} and nothing else"
            )
            return nil
        }
        return self.text(members[0]).map { caseless(CaselessText($0)) }
    }

    private mutating func glob(_ text: String, _ mark: PatternMark) -> Glob? {
        do throws(Glob.Refusal) {
            return try Glob(text)
        } catch {
            switch error {
            case .consecutiveStars(let offset):
                self.refuse(
                    .consecutiveStars,
                    mark,
                    "`**` at byte \(offset + 1) of the wildcard; one * already stands for any text"
                )
            case .escape(let offset):
                self.refuse(
                    .wildcardEscape,
                    mark,
                    "\\ at byte \(offset + 1) of the wildcard; only \\* and \\\\ are escapes there"
                )
            }
            return nil
        }
    }

    private mutating func block(_ text: String, _ mark: PatternMark) -> PatternTest? {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(String(decoding: parts[0], as: UTF8.self)) else {
            self.refuse(.malformedBlock, mark, "`cidr` needs an address and a length like 10.0.0.0/8, found `\(text)`")
            return nil
        }
        guard 1...3 ~= parts[1].count, parts[1].allSatisfy(\.isASCIIDigit),
            let length = Int(String(decoding: parts[1], as: UTF8.self)), length <= address.family.bitCount
        else {
            self.refuse(
                .malformedBlock,
                mark,
                "the length of an IPv\(address.family.rawValue) block is 0 to \(address.family.bitCount), "
                    + "found `\(String(decoding: parts[1], as: UTF8.self))`"
            )
            return nil
        }
        return .cidr(AddressBlock(address, prefixLength: length))
    }

    private mutating func existence(_ member: PatternMember) -> PatternTest? {
        if case .bool(let value, _) = member.value { return value ? .exists : .absent }
        self.refuse(.existsOperand, member.value.mark, "`exists` needs true or false, found \(member.value.kindName)")
        return nil
    }

    // MARK: anything-but

    private mutating func exclusion(_ member: PatternMember) -> PatternTest? {
        switch member.value {
        case .string, .number:
            return self.excluded([member.value]).map { .anythingBut($0) }
        case .array(let elements, let mark):
            guard !elements.isEmpty else {
                self.refuse(.emptyList, mark, "`anything-but` needs at least one value, found an empty list")
                return nil
            }
            return self.excluded(elements).map { .anythingBut($0) }
        case .object(let members, let mark):
            return self.excludedByOperator(members, mark).map { .anythingBut($0) }
        case .bool, .null:
            self.refuse(
                .exclusionKind,
                member.value.mark,
                "`anything-but` takes a string, a number, a list of either, or an operator; "
                    + "found \(member.value.kindName)"
            )
            return nil
        }
    }

    private mutating func excluded(_ elements: [PatternNode]) -> [PatternTest]? {
        var tests: [PatternTest] = []
        var isComplete = true
        for element in elements {
            switch element {
            case .string(let text, _): tests.append(.text(Array(text.utf8)))
            case .number(let text, let mark):
                if let value = self.exactNumber(text, mark) {
                    tests.append(.number(.exact(value)))
                } else {
                    isComplete = false
                }
            default:
                self.refuse(
                    .exclusionKind,
                    element.mark,
                    "a list of `anything-but` holds strings or numbers, found \(element.kindName)"
                )
                isComplete = false
            }
        }
        if let first = elements.first, let other = elements.first(where: { $0.isString != first.isString }), isComplete
        {
            self.refuse(
                .mixedExclusion,
                other.mark,
                "a list of `anything-but` is all strings or all numbers, found both"
            )
            return nil
        }
        return isComplete ? tests : nil
    }

    private mutating func excludedByOperator(_ members: [PatternMember], _ mark: PatternMark) -> [PatternTest]? {
        let allowed = ["prefix", "suffix", "equals-ignore-case", "wildcard"]
        guard let member = members.first else {
            self.refuse(.emptyObject, mark, "`anything-but` needs one of \(allowed.joined(separator: ", "))")
            return nil
        }
        guard members.count == 1 else {
            self.refuse(.operatorCount, members[1].mark, "`anything-but` takes one operator, found \(members.count)")
            return nil
        }
        guard allowed.contains(member.name) else {
            self.refuseOperator(member.name, member.mark, allowed: allowed, inside: " inside `anything-but`")
            return nil
        }
        var elements = [member.value]
        if case .array(let list, let listMark) = member.value {
            elements = list
            if list.isEmpty {
                self.refuse(.emptyList, listMark, "`\(member.name)` needs at least one string, found an empty list")
                return nil
            }
        }
        let tests = elements.map { self.excludedText(member.name, $0) }
        return tests.contains(nil) ? nil : tests.compactMap { $0 }
    }

    private mutating func excludedText(_ name: String, _ node: PatternNode) -> PatternTest? {
        guard case .string(let text, let mark) = node else {
            self.refuse(
                .operandKind,
                node.mark,
                "`\(name)` inside `anything-but` needs a string or a list of strings, found \(node.kindName)"
            )
            return nil
        }
        switch name {
        case "prefix", "suffix":
            guard !text.isEmpty else {
                self.refuse(
                    .emptyExclusion,
                    mark,
                    "an empty \(name) inside `anything-but` would exclude every string"
                )
                return nil
            }
            return name == "prefix" ? .prefix(Array(text.utf8)) : .suffix(Array(text.utf8))
        case "wildcard": return self.glob(text, mark).map { .wildcard($0) }
        default: return .equalsIgnoringCase(CaselessText(text))
        }
    }

    // MARK: Messages

    private static var operatorList: String { Self.operatorNames.joined(separator: ", ") }

    private mutating func refuseOperator(
        _ name: String,
        _ mark: PatternMark,
        allowed: [String],
        inside: String = ""
    ) {
        let hint =
            NearestName.find(name, among: allowed).map { "; did you mean `\($0)`?" }
            ?? "; allowed are \(allowed.joined(separator: ", "))"
        self.refuse(.unknownOperator, mark, "unknown operator `\(name)`\(inside)\(hint)")
    }
}

extension PatternNode {
    fileprivate var isString: Bool {
        guard case .string = self else { return false }
        return true
    }
}
