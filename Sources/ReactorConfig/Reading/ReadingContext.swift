internal import Reactions

/// Where problems are gathered while one load runs. Confined to that load.
final class ProblemList {
    /// Enough for a person to work on; a file of a megabyte can hold a hundred thousand.
    static let maximum = 1000

    private(set) var diagnostics: [Diagnostic] = []

    func add(_ diagnostic: Diagnostic) {
        if !self.isFull { self.diagnostics.append(diagnostic) }
        if diagnostic.severity == .error { self.errorCount += 1 }
    }

    private(set) var errorCount = 0

    /// Whether further problems are counted only, so that looking for good advice can be spared.
    var isFull: Bool { self.diagnostics.count >= Self.maximum }

    var hasErrors: Bool { self.errorCount > 0 }
}

/// One file while it is read: its text, the environment, and where its problems go.
struct ReadingContext {
    let source: SourceText
    let environment: [String: String]
    let problems: ProblemList

    /// Notes a problem at a place of this file.
    ///
    /// - Parameter hidesValue: Whether what stands at the place may be a secret and must not be shown.
    func report(
        _ code: DiagnosticCode,
        at position: TextPosition,
        length: Int = 1,
        _ message: String,
        severity: Diagnostic.Severity = .error,
        suggestion: String? = nil,
        patternCode: String? = nil,
        hidesValue: Bool = false
    ) {
        let location = SourceLocation(file: self.source.name, line: position.line, column: position.column)
        let excerpt = self.excerpt(position, length: length, hidesValue: hidesValue)
        var diagnostic = Diagnostic(severity, code, at: .source(location), message, excerpt: excerpt)
        diagnostic.suggestion = suggestion
        diagnostic.patternCode = patternCode
        self.problems.add(diagnostic)
    }

    private static let longestShownLine = 400

    private func excerpt(_ position: TextPosition, length: Int, hidesValue: Bool) -> Diagnostic.Excerpt? {
        let line = self.source.line(position.line)
        // Long lines are not written by people, and would be printed once for each of their problems.
        guard line.count <= Self.longestShownLine else { return nil }
        let text = String(String.UnicodeScalarView(hidesValue ? line.prefix(position.column - 1) : line))
        let masked = SecretMask.maskLine(text, column: position.column)
        guard hidesValue else {
            return Diagnostic.Excerpt(line: masked.text, column: masked.column, length: max(1, length))
        }
        return Diagnostic.Excerpt(line: masked.text + "***", column: masked.column, length: 3)
    }

    /// The same, at a node; a single value is underlined as far as it is written on its line.
    func report(
        _ code: DiagnosticCode,
        at node: YAMLNode,
        _ message: String,
        severity: Diagnostic.Severity = .error,
        suggestion: String? = nil,
        hidesValue: Bool = false
    ) {
        self.report(
            code,
            at: node.position,
            length: self.writtenLength(of: node),
            message,
            severity: severity,
            suggestion: suggestion,
            hidesValue: hidesValue
        )
    }

    /// The same, at a key.
    func report(
        _ code: DiagnosticCode,
        at member: YAMLMember,
        _ message: String,
        severity: Diagnostic.Severity = .error,
        suggestion: String? = nil
    ) {
        let length = self.keyLength(member)
        self.report(
            code,
            at: member.position,
            length: length,
            message,
            severity: severity,
            suggestion: suggestion
        )
    }

    /// How far the key or plain value at a place goes.
    func wordLength(at position: TextPosition) -> Int {
        let rest = self.source.rest(position)
        if let quote = rest.first, quote == "\"" || quote == "'",
            let end = rest.dropFirst().firstIndex(of: quote)
        {
            return rest.distance(from: rest.startIndex, to: end) + 1
        }
        return max(1, rest.prefix { !" \t:,[]{}".unicodeScalars.contains($0) }.count)
    }

    private func keyLength(_ member: YAMLMember) -> Int {
        let quote = self.source.rest(member.position).first
        return member.key.unicodeScalars.count + (quote == "\"" || quote == "'" ? 2 : 0)
    }

    private func writtenLength(of node: YAMLNode) -> Int {
        guard case .scalar(let scalar) = node else { return 1 }
        let rest = self.source.rest(scalar.position)
        switch scalar.style {
        case .block: return 1
        case .plain:
            let written = scalar.text.unicodeScalars
            return rest.starts(with: written) ? max(1, written.count) : 1
        case .singleQuoted, .doubleQuoted:
            let quote = rest.first
            guard let end = rest.dropFirst().firstIndex(where: { $0 == quote }) else { return max(1, rest.count) }
            return rest.distance(from: rest.startIndex, to: end) + 1
        }
    }
}
