import Reactions
import SeededRandom
import Testing

@Suite struct LinearPatternTests {
    @Test(arguments: [
        ("", "", true), ("", "a", false), ("a", "a", true), ("a", "ab", false), ("a|bc", "bc", true),
        ("a|bc", "abc", false), ("HIGH|CRITICAL", "HIGH", true), ("HIGH|CRITICAL", "HIGHER", false), (".*", "", true),
        (".*", "a\nb", false), ("(?s).*", "a\nb", true), (".+", "", false), ("a{2,3}", "aa", true),
        ("a{2,3}", "aaaa", false), ("a{2}", "aaa", false), ("a{2,}", "aaaaa", true), ("a{,3}", "a{,3}", true),
        ("x{y", "x{y", true), ("[a-c]+", "abcabc", true), ("[^a-c]+", "xyz", true), ("[^a-c]+", "xbz", false),
        ("[]a]+", "]a]", true), ("[a-]+", "a-", true), ("[\\d_]+", "12_3", true), ("[^\\d]", "5", false),
        ("[[:alpha:]]+", "abC", true), ("[[:^digit:]]", "5", false), ("\\d+\\.\\d+", "12.5", true),
        ("\\d+\\.\\d+", "12x5", false), ("\\x41\\x{1F600}", "A\u{1F600}", true), ("(?i)high", "HiGh", true),
        ("(?i:a)b", "Ab", true), ("(?i:a)b", "AB", false), ("(?i)stra\u{DF}e", "STRA\u{DF}E", true),
        ("(?i)\u{E9}", "\u{C9}", true), ("^a$", "a", true), ("a^b", "ab", false), ("\\Aab\\z", "ab", true),
        ("(?m)a$\n^b", "a\nb", true), ("a$\n^b", "a\nb", false), ("\\bfoo\\b.*", "foo bar", true),
        ("foo\\b.*", "foobar", false), ("foo\\B.*", "foobar", true), ("(a*)*", "aaaa", true), ("(a*)*b", "aaaab", true),
        ("(a|b)*?c", "ababc", true), ("(?P<name>x)(?:y)(?<other>z)", "xyz", true), ("run-\\w+", "run-a_1", true),
        ("a.c", "a\u{1F600}c", true), ("(|a)+", "aa", true), ("(?i)[a-c]+", "ABC", true), ("(?-i)a", "A", false),
        ("\\Dx", "ax", true), ("\\S\\s\\W\\w", "a -b", true),
    ])
    func `a whole text matches or does not, as in RE2`(pattern: String, text: String, matches: Bool) throws {
        #expect(try LinearPattern(pattern).matches(text) == matches)
    }

    @Test(arguments: [
        ("(a", 0, "the group is not closed: no `)` follows"), ("a)", 1, "unexpected `)`: there is no group to close"),
        ("[a", 0, "the class is not closed: no `]` follows"), ("*a", 0, "`*` has nothing to repeat"),
        ("a|+", 2, "`+` has nothing to repeat"), ("[z-a]", 1, "the range is empty: its end comes before its start"),
        ("a{3,2}", 1, "the repetition {3,2} is empty"), ("ab\\", 2, "the pattern ends behind a `\\`"),
        ("a**", 2, "a repetition cannot be repeated; put the first one in a group `(?:...)`"),
        ("x(?=a)", 1, "look-ahead is not offered"), ("x(?<!a)", 1, "look-behind is not offered"),
        ("(a)\\1", 3, "back-references (\\1) are not offered"),
        ("\\p{Greek}", 0, "Unicode classes (\\p{...}) are not offered"),
        ("\\y", 0, "unknown escape `\\y`"), ("(?q)a", 2, "unknown flag `q`; there are i, m, s and U"),
        ("a{1001}", 2, "a repetition of more than 1000 is not offered"),
        ("\\xZZ", 0, "`\\x` needs two hexadecimal digits, or a character's number in braces"),
        ("[\\d-z]", 1, "a range needs a character at both ends"),
    ])
    func `a fault is told with its place`(pattern: String, offset: Int, message: String) {
        #expect(throws: PatternError(message, at: offset)) { try LinearPattern(pattern) }
    }

    @Test(arguments: [
        "((a{100}){100}){100}", "(((((((){1000}){1000}){1000}){1000}){1000}){1000}){1000}", "(a{1000}){5}",
        String(repeating: "(", count: 100) + String(repeating: ")", count: 100), String(repeating: "a", count: 5_000),
    ])
    func `patterns that would be too large are refused at once`(pattern: String) {
        #expect(throws: PatternError.self) { try LinearPattern(pattern) }
    }

    @Test func `an unknown named class lists those that there are`() {
        let error = #expect(throws: PatternError.self) { try LinearPattern("x[[:digits:]]") }
        #expect(error?.offset == 2)
        #expect(error?.message.hasPrefix("unknown class `[:digits:]`; there are alnum, alpha, ascii") == true)
        #expect(error?.description.hasPrefix("at character 3: unknown class") == true)
    }

    /// Swift's own engine backtracks, so it is asked about short texts only; its word boundaries are told to be RE2's.
    @Test func `random small patterns agree with Swift's engine`() throws {
        var random = SplitMix64(seed: 7)
        var accepted = 0
        var matched = 0
        for _ in 0..<1_500 {
            let source = Self.randomPattern(depth: 3, using: &random)
            let ours = try LinearPattern(source)
            let theirs = try Regex(source).matchingSemantics(.unicodeScalar).wordBoundaryKind(.simple)
            accepted += 1
            for _ in 0..<6 {
                let text = String(
                    (0..<Int.random(in: 0...5, using: &random)).map { _ in "abc".randomElement(using: &random)! }
                )
                let expected = try theirs.wholeMatch(in: text) != nil
                matched += expected ? 1 : 0
                #expect(ours.matches(text) == expected, "pattern \(source), text \(text)")
            }
        }
        // Neither side only ever says no.
        #expect(accepted == 1_500)
        #expect((500...8_500).contains(matched))
    }

    private static func randomPattern(depth: Int, using random: inout SplitMix64) -> String {
        switch depth == 0 ? 0 : Int.random(in: 0...7, using: &random) {
        case 0: return ["a", "b", "c", ".", "[ab]", "[^a]", "\\w", "\\b", "\\B"].randomElement(using: &random)!
        case 1, 2:
            return Self.randomPattern(depth: depth - 1, using: &random)
                + Self.randomPattern(depth: depth - 1, using: &random)
        case 3:
            return "(" + Self.randomPattern(depth: depth - 1, using: &random) + "|"
                + Self.randomPattern(depth: depth - 1, using: &random) + ")"
        case 4: return "(?:" + Self.randomPattern(depth: depth - 1, using: &random) + ")*"
        case 5: return "(?:" + Self.randomPattern(depth: depth - 1, using: &random) + ")?"
        case 6: return "(?:" + Self.randomPattern(depth: depth - 1, using: &random) + "){1,2}"
        default: return "(" + Self.randomPattern(depth: depth - 1, using: &random) + "|)"
        }
    }

    @Test func `patterns that backtracking drowns in take time in proportion to the text`() throws {
        let clock = ContinuousClock()
        for source in ["(a+)+", "(a|aa)+", "(a*)*b", "(.*)(.*)(.*)(.*)(.*)x", "(?:a?){50}a{50}"] {
            let pattern = try LinearPattern(source)
            func time(_ count: Int) -> Duration {
                let text = String(repeating: "a", count: count) + "!"
                return (0..<3).map { _ in clock.measure { #expect(!pattern.matches(text)) } }.min()!
            }
            _ = time(1_000)
            let (short, long) = (time(2_000), time(16_000))
            // Eight times the text: 8 when linear, 64 when quadratic.
            #expect(long / short < 40, "\(source): \(short) for 2,000 characters, \(long) for 16,000")
        }
    }

    @Test func `arbitrary text is a pattern or is refused, and never anything else`() {
        var random = SplitMix64(seed: 11)
        let alphabet = Array("ab()[]{}|*+?\\^$.,-:0123dwPxi<>=!\u{E9}")
        for _ in 0..<6_000 {
            let source = String(
                (0..<Int.random(in: 0...16, using: &random)).map { _ in alphabet.randomElement(using: &random)! }
            )
            do {
                let pattern = try LinearPattern(source)
                _ = pattern.matches("ab01")
                #expect(pattern.instructionCount <= LinearPattern.maxInstructions + 1_100)
            } catch {
                #expect((0...source.unicodeScalars.count).contains(error.offset), "\(source): \(error)")
            }
        }
    }
}
