/// A compiled event pattern: AWS EventBridge's language with the semantics of Event Ruler 2.0.1, and beside it `not`.
///
/// An event matches when one of the branches matches and no branch of `not` does. See `EventPattern.deviations` for
/// where this implementation differs from Event Ruler on purpose.
package struct EventPattern: Sendable, Hashable {
    /// What `$or` was expanded to; never empty. A pattern made of `not` alone has one branch without fields.
    package let branches: [PatternBranch]
    /// The branches of `not`; empty without it.
    package let exclusions: [PatternBranch]

    /// How a pattern may be written.
    package struct Options: Sendable, Hashable {
        /// Whether a scalar at a leaf means a list of one, as YAML writers expect.
        package var allowsScalarLeaves: Bool
        /// Whether a path that is named twice is refused; otherwise the last one counts.
        package var refusesDuplicatePaths: Bool

        package init(allowsScalarLeaves: Bool, refusesDuplicatePaths: Bool = false) {
            self.allowsScalarLeaves = allowsScalarLeaves
            self.refusesDuplicatePaths = refusesDuplicatePaths
        }

        /// EventBridge's own rules.
        package static let json = Options(allowsScalarLeaves: false)
        /// What the `match:` key of a handler allows.
        package static let yaml = Options(allowsScalarLeaves: true)
    }

    /// - Parameters:
    ///   - node: The pattern.
    ///   - not: A pattern that an event must not match.
    /// - Throws: `PatternError` with every problem of both.
    package init(
        _ node: PatternNode,
        not: PatternNode? = nil,
        options: Options = .yaml
    ) throws(PatternError) {
        try self.init(match: node, not: not, options: options)
    }

    /// A pattern that accepts every event except those that match `not`.
    package init(not: PatternNode, options: Options = .yaml) throws(PatternError) {
        try self.init(match: nil, not: not, options: options)
    }

    private init(match: PatternNode?, not: PatternNode?, options: Options) throws(PatternError) {
        var problems: [PatternProblem] = []
        var branches = [PatternBranch(fields: [])]
        var exclusions: [PatternBranch] = []
        if let match {
            var compiler = PatternCompiler(options: options)
            branches = compiler.compile(match)
            problems += compiler.problems
        }
        if let not {
            var compiler = PatternCompiler(options: options)
            exclusions = compiler.compile(not)
            problems += compiler.problems
        }
        guard problems.isEmpty else { throw PatternError(problems) }
        self.branches = branches
        self.exclusions = exclusions
    }

    /// Compiles a pattern from JSON text.
    /// - Throws: `PatternError`: where the text is no JSON, or every problem of the pattern.
    package static func parse(
        json: [UInt8],
        not: [UInt8]? = nil,
        options: Options = .json
    ) throws(PatternError) -> EventPattern {
        let node = try PatternReader.read(json)
        guard let not else { return try EventPattern(node, options: options) }
        return try EventPattern(node, not: try PatternReader.read(not), options: options)
    }

    package static func parse(json: String, options: Options = .json) throws(PatternError) -> EventPattern {
        try Self.parse(json: Array(json.utf8), options: options)
    }

    /// Every path that the pattern names, `not` included; each once, in no particular order.
    package var paths: [String] {
        var seen: Set<[UInt8]> = []
        return (self.branches + self.exclusions).flatMap(\.fields).map(\.path)
            .filter { seen.insert(Array($0.utf8)).inserted }
    }
}

extension EventPattern {
    /// What may stand in the object of an alternative.
    package static var operatorNames: [String] { PatternCompiler.operatorNames }

    /// Where this implementation differs from Event Ruler 2.0.1 on purpose: its defects that we do not share.
    package static let deviations = [
        "Addresses keep their family: an IPv4 block or address never matches an IPv6 address or the other way round, "
            + "not even one written as ::ffff:a00:1.",
        "cidr accepts /32 and /128.",
        "An octet with a leading zero whose decimal and octal readings differ (010.0.0.1) is no IP address.",
        "equals-ignore-case works outside the Basic Multilingual Plane, and does not match question marks there.",
        "A pattern that the strict compiler refuses is refused; it is not read again as if $or were a field.",
        "Text after the end of a pattern is refused.",
        "More than \(PatternCompiler.maximumBranches) combinations of $or branches are refused.",
    ]
}
