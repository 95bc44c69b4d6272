import Reactions
import ReactorConfig

/// Writes how scenarios ended in the form that build servers read: one suite a file, one case a scenario.
package enum JUnitReport {
    package static func xml(_ results: [ScenarioResult]) -> String {
        var files: [String] = []
        for result in results where !files.contains(result.location.file) { files.append(result.location.file) }
        var lines = [
            #"<?xml version="1.0" encoding="UTF-8"?>"#,
            "<testsuites name=\"aos-reactor\" \(Self.counts(results))>",
        ]
        for file in files {
            let suite = results.filter { $0.location.file == file }
            lines.append("  <testsuite name=\"\(Self.escaped(file))\" \(Self.counts(suite))>")
            for result in suite { lines += Self.lines(result) }
            lines.append("  </testsuite>")
        }
        return (lines + ["</testsuites>", ""]).joined(separator: "\n")
    }

    private static func counts(_ results: [ScenarioResult]) -> String {
        let failed = results.count { !$0.hasPassed }
        let time = Self.seconds(results.reduce(.zero) { $0 + $1.elapsed })
        return "tests=\"\(results.count)\" failures=\"\(failed)\" errors=\"0\" time=\"\(time)\""
    }

    private static func lines(_ result: ScenarioResult) -> [String] {
        let head =
            "    <testcase name=\"\(Self.escaped(result.name))\" classname=\"\(Self.escaped(result.location.file))\" "
            + "file=\"\(Self.escaped(result.location.file))\" line=\"\(result.location.line)\" "
            + "time=\"\(Self.seconds(result.elapsed))\""
        guard !result.hasPassed else { return [head + "/>"] }
        return [head + ">"]
            + result.failures.map { failure in
                let at = "\(failure.location): at \(DurationText.format(failure.at))"
                let text = failure.lines.map { Self.escaped($0.text) + "\n" }.joined()
                return "      <failure message=\"\(Self.escaped("\(at): \(failure.summary)"))\">\(text)</failure>"
            } + ["    </testcase>"]
    }

    private static func seconds(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let micros = String(1_000_000 + attoseconds / 1_000_000_000_000).dropFirst()
        return "\(seconds).\(micros)"
    }

    /// Characters that XML has no way to write become question marks.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "\n", "\t": escaped += "&#\(scalar.value);"
            default:
                let isAllowed = scalar.value >= 0x20 && scalar.value != 0xFFFE && scalar.value != 0xFFFF
                escaped.unicodeScalars.append(isAllowed ? scalar : "?")
            }
        }
        return escaped
    }
}
