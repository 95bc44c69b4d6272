internal import Reactions

/// Writes diagnostics for programs: `--format json`.
package enum DiagnosticJSON {
    /// One line of JSON: `{"diagnostics":[{"severity","code","file","line","column","message","suggestion"}],
    /// "errors","warnings","notes","files","milliseconds"}`. What does not apply is left out; `file` is missing for the
    /// environment and the command line, where `place` says so.
    package static func render(_ diagnostics: [Diagnostic], files: Int, elapsed: Duration) -> String {
        let list = diagnostics.map(Self.object).joined(separator: ",")
        let errors = diagnostics.count { $0.severity == .error }
        let warnings = diagnostics.count { $0.severity == .warning }
        let (seconds, attoseconds) = elapsed.components
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        return
            "{\"diagnostics\":[\(list)],\"errors\":\(errors),\"warnings\":\(warnings),\"notes\":\(diagnostics.count - errors - warnings),"
            + "\"files\":\(files),\"milliseconds\":\(milliseconds)}"
    }

    private static func object(_ diagnostic: Diagnostic) -> String {
        var members = [
            "\"severity\":\(Self.quoted(diagnostic.severity.rawValue))",
            "\"code\":\(Self.quoted(diagnostic.codeText))",
        ]
        switch diagnostic.place {
        case .source(let location):
            members.append("\"file\":\(Self.quoted(location.file))")
            members.append("\"line\":\(location.line),\"column\":\(location.column)")
        case .path(let path): members.append("\"file\":\(Self.quoted(path))")
        case .environment, .commandLine: members.append("\"place\":\(Self.quoted(diagnostic.place.text))")
        }
        members.append("\"message\":\(Self.quoted(diagnostic.message))")
        if let suggestion = diagnostic.suggestion { members.append("\"suggestion\":\(Self.quoted(suggestion))") }
        return "{" + members.joined(separator: ",") + "}"
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
