/// Takes passwords out of text that is shown.
enum SecretMask {
    /// Replaces what stands between `://` and the last `@` of the same word by `***`. A password may itself hold
    /// `@ : / ? # %`, so everything up to the last `@` before a blank or a quote goes.
    static func mask(_ text: String) -> String { Self.mask(text, column: 1).text }

    /// The same, with a column (from 1) that keeps pointing at the character it pointed at.
    static func mask(_ text: String, column: Int) -> (text: String, column: Int) {
        var scalars = Array(text.unicodeScalars)
        var column = column
        var index = 0
        while index + 2 < scalars.count {
            defer { index += 1 }
            guard scalars[index] == ":", scalars[index + 1] == "/", scalars[index + 2] == "/" else { continue }
            let start = index + 3
            let end = scalars[start...].firstIndex { $0 == "\"" || $0 == "'" || $0 == " " || $0 == "\t" }
            guard let at = scalars[start..<(end ?? scalars.count)].lastIndex(of: "@"), at > start else { continue }
            scalars.replaceSubrange(start..<at, with: ["*", "*", "*"])
            if column - 1 >= at {
                column += 3 - (at - start)
            } else if column - 1 > start {
                column = start + 1
            }
        }
        return (String(String.UnicodeScalarView(scalars)), column)
    }

    /// Whether a variable of that name probably holds a secret.
    static func isSecretName(_ name: String) -> Bool {
        let upper = name.uppercased()
        return ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "CREDENTIAL", "PRIVATE", "APIKEY", "_KEY"]
            .contains { upper.contains($0) }
    }
}
