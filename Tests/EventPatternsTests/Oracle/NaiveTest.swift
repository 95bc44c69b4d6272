import EventPatterns

/// What one alternative of a pattern says about one value.
enum NaiveTest {
    static func isAbsence(_ alternative: PatternNode) -> Bool {
        guard case .object(let members, _) = alternative, members[0].name == "exists",
            case .bool(false, _) = members[0].value
        else { return false }
        return true
    }

    static func passes(_ alternative: PatternNode, _ value: PatternNode) -> Bool {
        switch (alternative, value) {
        case (.string(let wanted, _), .string(let found, _)):
            if let address = NaiveAddress(wanted) { return NaiveAddress(found) == address }
            return Self.same(wanted, found)
        case (.number(let wanted, _), .number(let found, _)):
            if let a = NaiveNumber.exact(wanted), let b = NaiveNumber.exact(found) { return a == b }
            return Self.same(wanted, found)
        case (.bool(let wanted, _), .bool(let found, _)): return wanted == found
        case (.null, .null): return true
        case (.object(let members, _), _): return Self.passes(members[0].name, members[0].value, value)
        default: return false
        }
    }

    private static func passes(_ name: String, _ operand: PatternNode, _ value: PatternNode) -> Bool {
        switch (name, operand) {
        case ("exists", .bool(let wanted, _)): return wanted
        case ("anything-but", _): return !Self.isExcluded(operand, value)
        case ("numeric", .array(let terms, _)): return Self.isInRange(terms, value)
        default: break
        }
        guard case .string(let text, _) = value else { return false }
        switch (name, operand) {
        case ("exactly", .string(let wanted, _)): return Self.same(wanted, text)
        case ("prefix", .string(let wanted, _)): return Array(text.utf8).starts(with: Array(wanted.utf8))
        case ("suffix", .string(let wanted, _)): return text.utf8.reversed().starts(with: wanted.utf8.reversed())
        case ("prefix", .object(let inner, _)):
            return Self.prefixesIgnoringCase(inner[0].text, text).contains { _ in true }
        case ("suffix", .object(let inner, _)):
            return (0...text.utf8.count).contains { skipped in
                Self.prefixesIgnoringCase(inner[0].text, Array(text.utf8.dropFirst(skipped)))
                    .contains(text.utf8.count - skipped)
            }
        case ("equals-ignore-case", .string(let wanted, _)):
            return Self.prefixesIgnoringCase(wanted, text).contains(text.utf8.count)
        case ("wildcard", .string(let wanted, _)):
            return Self.matchesWildcard(Array(wanted.utf8)[...], Array(text.utf8)[...])
        case ("cidr", .string(let wanted, _)): return Self.isInBlock(wanted, text)
        default: return false
        }
    }

    private static func same(_ a: String, _ b: String) -> Bool { Array(a.utf8) == Array(b.utf8) }

    // MARK: anything-but

    private static func isExcluded(_ operand: PatternNode, _ value: PatternNode) -> Bool {
        switch (operand, value) {
        case (.array(let elements, _), _): return elements.contains { Self.isExcluded($0, value) }
        case (.string(let wanted, _), .string(let found, _)): return Self.same(wanted, found)
        case (.number(let wanted, _), .number(let found, _)):
            guard let a = NaiveNumber.exact(wanted), let b = NaiveNumber.exact(found) else { return false }
            return a == b
        case (.object(let members, _), _):
            var operands = [members[0].value]
            if case .array(let list, _) = members[0].value { operands = list }
            return operands.contains { Self.passes(members[0].name, $0, value) }
        default: return false
        }
    }

    // MARK: Numbers

    private static func isInRange(_ terms: [PatternNode], _ value: PatternNode) -> Bool {
        guard case .number(let text, _) = value, let number = NaiveNumber.exact(text) else { return false }
        return stride(from: 0, to: terms.count, by: 2).allSatisfy { index in
            guard case .string(let sign, _) = terms[index], case .number(let limit, _) = terms[index + 1],
                let bound = NaiveNumber.exact(limit)
            else { return false }
            switch sign {
            case "=": return number == bound
            case "<": return number < bound
            case "<=": return number <= bound
            case ">": return number > bound
            default: return number >= bound
            }
        }
    }

    // MARK: Case and wildcards

    private static func prefixesIgnoringCase(_ wanted: String, _ text: String) -> Set<Int> {
        Self.prefixesIgnoringCase(wanted, Array(text.utf8))
    }

    /// How many bytes of `text` the whole of `wanted` can take.
    private static func prefixesIgnoringCase(_ wanted: String, _ text: [UInt8]) -> Set<Int> {
        var ends: Set<Int> = [0]
        for scalar in wanted.unicodeScalars {
            let forms = [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping].map { Array($0.utf8) }
            ends = Set(
                ends.flatMap { end in
                    forms.filter { text[end...].starts(with: $0) }.map { end + $0.count }
                }
            )
        }
        return ends
    }

    private static func matchesWildcard(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        // Which prefixes of the text the pattern so far accepts.
        var accepted = [Bool](repeating: false, count: text.count + 1)
        accepted[0] = true
        var index = pattern.startIndex
        while index < pattern.endIndex {
            var next = [Bool](repeating: false, count: text.count + 1)
            if pattern[index] == UInt8(ascii: "*") {
                if let first = accepted.firstIndex(of: true) {
                    for end in first...text.count { next[end] = true }
                }
            } else {
                if pattern[index] == UInt8(ascii: "\\") { index += 1 }
                for end in 0..<text.count where accepted[end] && text[text.startIndex + end] == pattern[index] {
                    next[end + 1] = true
                }
            }
            accepted = next
            index += 1
        }
        return accepted[text.count]
    }

    // MARK: Addresses

    private static func isInBlock(_ block: String, _ text: String) -> Bool {
        let parts = block.split(separator: "/")
        guard let network = NaiveAddress(String(parts[0])), let address = NaiveAddress(text),
            let length = Int(parts[1]), network.bits.count == address.bits.count
        else { return false }
        return network.bits.prefix(length) == address.bits.prefix(length)
    }
}

extension PatternMember {
    fileprivate var text: String {
        guard case .string(let text, _) = self.value else { return "" }
        return text
    }
}

/// An address as a string of 32 or 128 zeros and ones.
struct NaiveAddress: Equatable {
    var bits: String

    init?(_ text: String) {
        if text.utf8.contains(UInt8(ascii: ":")) {
            guard let bits = Self.six(text) else { return nil }
            self.bits = bits
        } else {
            guard let bits = Self.four(text) else { return nil }
            self.bits = bits
        }
    }

    private static func binary(_ value: Int, _ width: Int) -> String {
        let digits = String(value, radix: 2)
        return String(repeating: "0", count: width - digits.count) + digits
    }

    private static func four(_ text: String) -> String? {
        let octets = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard text.utf8.count <= 15, octets.count == 4 else { return nil }
        var bits = ""
        for octet in octets {
            let digits = String(decoding: octet, as: UTF8.self)
            guard !digits.isEmpty, octet.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let value = Int(digits), value < 256
            else { return nil }
            // With a leading zero only where octal and decimal agree.
            if octet.count > 1, octet.first == 0x30, value >= 8 { return nil }
            bits += Self.binary(value, 8)
        }
        return bits
    }

    private static func six(_ text: String) -> String? {
        func groups(_ part: Substring.UTF8View) -> [Int]? {
            if part.isEmpty { return [] }
            var values: [Int] = []
            for group in part.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false) {
                let digits = String(decoding: group, as: UTF8.self)
                guard !digits.isEmpty, digits.utf8.allSatisfy({ "0123456789abcdefABCDEF".utf8.contains($0) }),
                    let value = Int(digits, radix: 16), value < 65_536
                else { return nil }
                values.append(value)
            }
            return values
        }
        guard text.utf8.count <= 64, text.utf8.allSatisfy({ "0123456789abcdefABCDEF:".utf8.contains($0) }) else {
            return nil
        }
        var all: [Int]
        let halves = text.split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false)
        if halves.count == 2 {
            guard let before = groups(halves[0].utf8), let after = groups(halves[1].utf8),
                before.count + after.count < 8
            else { return nil }
            all = before + Array(repeating: 0, count: 8 - before.count - after.count) + after
        } else {
            guard let groups = groups(halves[0].utf8), groups.count == 8 else { return nil }
            all = groups
        }
        return all.map { Self.binary($0, 16) }.joined()
    }
}

/// Numbers by their decimal text.
enum NaiveNumber {
    /// The number's double, if the shortest decimal of that double is the same decimal as the text.
    static func exact(_ text: String) -> Double? {
        guard let value = Double(text), value.isFinite else { return nil }
        return Self.normalised(text) == Self.normalised(value.description) ? value : nil
    }

    /// Sign, digits without zeros at the ends, exponent.
    static func normalised(_ text: String) -> [String] {
        var rest = text
        let isNegative = rest.hasPrefix("-")
        if isNegative { rest.removeFirst() }
        let parts = rest.lowercased().split(separator: "e")
        var exponent = parts.count == 2 ? Int(parts[1])! : 0
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        var digits = String(mantissa[0])
        if mantissa.count == 2 {
            digits += mantissa[1]
            exponent -= mantissa[1].count
        }
        while digits.hasSuffix("0") {
            digits.removeLast()
            exponent += 1
        }
        while digits.hasPrefix("0") { digits.removeFirst() }
        return digits.isEmpty ? ["0"] : [isNegative ? "-" : "+", digits, String(exponent)]
    }
}
