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

    /// The same for a line of a file: also hides what an address has behind its host, as hooks have their keys there,
    /// and what is written where a secret belongs.
    static func maskLine(_ text: String, column: Int) -> (text: String, column: Int) {
        let masked = Self.mask(text, column: column)
        var scalars = Array(masked.text.unicodeScalars)
        var column = masked.column
        for range in (Self.tails(of: scalars) + Self.values(of: scalars)).sorted(by: { $0.lowerBound > $1.lowerBound })
        {
            guard range.upperBound <= scalars.count else { continue }
            scalars.replaceSubrange(range, with: ["*", "*", "*"])
            if column - 1 >= range.upperBound {
                column += 3 - range.count
            } else if column - 1 > range.lowerBound {
                column = range.lowerBound + 1
            }
        }
        return (String(String.UnicodeScalarView(scalars)), column)
    }

    private static func isEnd(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "\"" || scalar == "'" || scalar == " " || scalar == "\t"
    }

    /// What follows the host and its slash in `https://host/…`.
    private static func tails(of scalars: [Unicode.Scalar]) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var index = 0
        while let start = Self.place(of: "://", in: scalars, from: index) {
            index = start + 3
            let scheme = String(String.UnicodeScalarView(scalars[max(0, start - 5)..<start])).lowercased()
            guard scheme.hasSuffix("http") || scheme.hasSuffix("https") else { continue }
            let end = scalars[index...].firstIndex(where: Self.isEnd) ?? scalars.count
            guard let tail = scalars[index..<end].firstIndex(where: { $0 == "/" || $0 == "?" || $0 == "#" }),
                tail + 1 < end
            else { continue }
            found.append(tail + 1..<end)
            index = end
        }
        return found
    }

    private static let secretFields = ["secret", "secrets", "authorization", "routing_key", "token", "password"]

    /// What follows `secret:` and the like, unless it is a reference.
    private static func values(of scalars: [Unicode.Scalar]) -> [Range<Int>] {
        var found: [Range<Int>] = []
        for field in Self.secretFields {
            var index = 0
            while let start = Self.place(of: field + ":", in: scalars, from: index) {
                index = start + field.unicodeScalars.count + 1
                let isWhole = start == 0 || !Self.isNamePart(scalars[start - 1])
                guard isWhole, let begin = scalars[index...].firstIndex(where: { $0 != " " && $0 != "\t" }),
                    scalars[begin] != "{", scalars[begin] != "#"
                else { continue }
                let quote = scalars[begin] == "\"" || scalars[begin] == "'" ? scalars[begin] : nil
                let end =
                    quote.map { quote in scalars[(begin + 1)...].firstIndex(of: quote).map { $0 + 1 } }
                    ?? scalars[begin...].firstIndex { $0 == "," || $0 == "}" || $0 == " " }
                found.append(begin..<(end ?? scalars.count))
                index = end ?? scalars.count
            }
        }
        return found
    }

    private static func isNamePart(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || scalar == "-" || scalar.properties.isAlphabetic
    }

    private static func place(of text: String, in scalars: [Unicode.Scalar], from start: Int) -> Int? {
        let wanted = Array(text.unicodeScalars)
        guard start + wanted.count <= scalars.count else { return nil }
        return (start...(scalars.count - wanted.count)).first {
            scalars[$0..<($0 + wanted.count)].elementsEqual(wanted)
        }
    }

    /// Whether a variable of that name probably holds a secret.
    static func isSecretName(_ name: String) -> Bool {
        let upper = name.uppercased()
        return ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "CREDENTIAL", "PRIVATE", "APIKEY", "_KEY"]
            .contains { upper.contains($0) }
    }
}
