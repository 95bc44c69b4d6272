/// Why a pattern was refused: every problem of it, in the order of its text.
package struct PatternError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Never empty.
    package let problems: [PatternProblem]

    package init(_ problems: [PatternProblem]) {
        precondition(!problems.isEmpty, "a refusal names at least one problem")
        self.problems = problems.enumerated()
            .sorted { ($0.element.mark, $0.offset) < ($1.element.mark, $1.offset) }
            .map(\.element)
    }

    /// The first problem's stable code, such as "P009".
    package var code: String { self.problems[0].code.rawValue }
    /// What was found and what is allowed, for the first problem.
    package var message: String { self.problems[0].message }
    /// Where the first problem is.
    package var mark: PatternMark { self.problems[0].mark }

    package var description: String { self.problems.map(\.description).joined(separator: "\n") }
}

/// One reason to refuse a pattern.
package struct PatternProblem: Sendable, Hashable, CustomStringConvertible {
    /// What kind of problem it is. The raw values are stable: people search for them and silence them by name.
    package enum Code: String, Sendable, CaseIterable {
        case malformedJSON = "P001"
        case notAnObject = "P002"
        case emptyObject = "P003"
        case emptyList = "P004"
        case scalarField = "P005"
        case nestedList = "P006"
        case unknownOperator = "P007"
        case operatorCount = "P008"
        case operandKind = "P009"
        case consecutiveStars = "P010"
        case wildcardEscape = "P011"
        case exclusionKind = "P012"
        case mixedExclusion = "P013"
        case emptyExclusion = "P014"
        case numericShape = "P015"
        case numericOperator = "P016"
        case emptyRange = "P017"
        case inexactNumber = "P018"
        case malformedBlock = "P019"
        case existsOperand = "P020"
        case orShape = "P021"
        case reservedName = "P022"
        case duplicatePath = "P023"
        case tooComplex = "P024"
        case operatorAsField = "P025"
        case tooDeep = "P026"
    }

    package var code: Code
    package var mark: PatternMark
    /// What was found and what is allowed, in one line.
    package var message: String

    package init(_ code: Code, at mark: PatternMark, _ message: String) {
        self.code = code
        self.mark = mark
        self.message = message
    }

    package var description: String { "\(self.mark): error[\(self.code.rawValue)]: \(self.message)" }
}
