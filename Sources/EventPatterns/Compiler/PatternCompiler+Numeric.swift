extension PatternCompiler {
    /// `numeric: [">", 0, "<=", 5]`
    mutating func numeric(_ member: PatternMember) -> PatternTest? {
        let shape = "`numeric` needs a list like [\">\", 0] or [\">=\", 0, \"<\", 5]"
        guard case .array(let terms, let mark) = member.value else {
            self.refuse(.numericShape, member.value.mark, "\(shape), found \(member.value.kindName)")
            return nil
        }
        guard terms.count == 2 || terms.count == 4 else {
            self.refuse(.numericShape, mark, "\(shape), found a list of \(terms.count)")
            return nil
        }
        guard let (first, firstValue) = self.comparison(terms[0], terms[1]) else { return nil }
        guard terms.count == 4 else { return .numeric(Self.range(first, firstValue)) }
        guard let (second, secondValue) = self.comparison(terms[2], terms[3]) else { return nil }
        guard first == .greater || first == .greaterOrEqual, second == .less || second == .lessOrEqual else {
            self.refuse(
                .numericOperator,
                terms[0].mark,
                "a range begins with > or >= and ends with < or <=, "
                    + "found \(first.rawValue) and \(second.rawValue)"
            )
            return nil
        }
        guard firstValue < secondValue else {
            self.refuse(
                .emptyRange,
                mark,
                "numeric range is empty: \(first.rawValue) \(firstValue.shortText) "
                    + "and \(second.rawValue) \(secondValue.shortText)"
                    + (firstValue == secondValue ? "; for one number write [\"=\", \(firstValue.shortText)]" : "")
            )
            return nil
        }
        var range = Self.range(first, firstValue)
        range.high = secondValue
        range.isHighOpen = second == .less
        return .numeric(range)
    }

    private enum Comparison: String, CaseIterable {
        case equal = "="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
    }

    private mutating func comparison(_ sign: PatternNode, _ value: PatternNode) -> (Comparison, Double)? {
        guard case .string(let text, let mark) = sign else {
            self.refuse(.numericOperator, sign.mark, "`numeric` needs an operator here, found \(sign.kindName)")
            return nil
        }
        guard let comparison = Comparison(rawValue: text) else {
            self.refuse(.numericOperator, mark, "`\(text)` is no operator of `numeric`; allowed are = < <= > >=")
            return nil
        }
        guard case .number(let digits, let numberMark) = value else {
            self.refuse(.numericShape, value.mark, "`\(text)` needs a number, found \(value.kindName)")
            return nil
        }
        return self.exactNumber(digits, numberMark).map { (comparison, $0) }
    }

    /// A number that can be compared by value.
    mutating func exactNumber(_ text: String, _ mark: PatternMark) -> Double? {
        if case .exact(let value) = NumberValue(Array(text.utf8)) { return value }
        self.refuse(
            .inexactNumber,
            mark,
            "cannot compare with \(text): a double does not represent it exactly enough "
                + "(at most 17 significant digits, and those that its double prints)"
        )
        return nil
    }

    private static func range(_ comparison: Comparison, _ value: Double) -> NumericRange {
        switch comparison {
        case .equal: NumericRange(low: value, isLowOpen: false, high: value, isHighOpen: false)
        case .less: NumericRange(low: -.infinity, isLowOpen: true, high: value, isHighOpen: true)
        case .lessOrEqual: NumericRange(low: -.infinity, isLowOpen: true, high: value, isHighOpen: false)
        case .greater: NumericRange(low: value, isLowOpen: true, high: .infinity, isHighOpen: true)
        case .greaterOrEqual: NumericRange(low: value, isLowOpen: false, high: .infinity, isHighOpen: true)
        }
    }
}
