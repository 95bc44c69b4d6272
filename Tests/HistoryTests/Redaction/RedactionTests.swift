import Events
import Testing

@testable import Reactions

@Suite struct RedactionTests {
    @Test(arguments: [
        "password", "PASSWORD", "passwd", "pwd", "secret", "api_key", "apikey", "api-key", "token", "access_token",
        "refresh_token", "auth_token", "Authorization", "bearer", "private_key", "privatekey", "ssh_key", "credentials",
        "cred", "ssn", "social_security", "credit_card", "creditcard", "card_number", "cvv", "cvc", "db_password",
        "X-Api-Key", "clientSecret", "aws_secret_access_key", "accessToken",
    ])
    func theValueOfASecretNameIsTakenOutWhateverItIs(name: String) {
        let secrets: [JSONValue] = ["c4nary", 4711, ["c4nary"], ["x": "c4nary"], true]
        for secret in secrets {
            let value = JSONValue.object([JSONMember("a", [.object([JSONMember(name, secret)])])])
            #expect(Redaction.redacted(value) == ["a": [.object([JSONMember(name, "<REDACTED>")])]])
        }
    }

    @Test(arguments: [
        "prompt_tokens", "tokens_used", "secretary", "credit", "author", "key", "run_id", "passenger", "",
    ])
    func namesThatOnlySoundAlikeStay(name: String) {
        let value = JSONValue.object([JSONMember(name, "visible")])
        #expect(Redaction.redacted(value) == value)
    }

    @Test(arguments: [
        ("mail to jane.doe+x@mail.example.org, now", "mail to <REDACTED_EMAIL>, now"),
        ("a@b.co", "<REDACTED_EMAIL>"), ("Authorization: Bearer abc.def-123_x=", "Authorization: Bearer <REDACTED>"),
        ("bearer ABCDEFGH", "bearer <REDACTED>"), ("key AKIAIOSFODNN7EXAMPLE.", "key <REDACTED_AWS_KEY>."),
        ("ghp_0123456789abcdefghijABCDEFGHIJ012345", "<REDACTED_GITHUB_TOKEN>"),
        ("x=xoxb-123456789012-abcdefGHIJ y", "x=<REDACTED_SLACK_TOKEN> y"),
        ("two a@b.co and c@d.org", "two <REDACTED_EMAIL> and <REDACTED_EMAIL>"),
    ])
    func secretsOfAKnownFormAreTakenOutOfTexts(text: String, expected: String) {
        #expect(Redaction.redacted(text) == expected)
        #expect(Redaction.redacted(JSONValue.array([.string(text)])) == .array([.string(expected)]))
    }

    @Test(arguments: [
        "user@", "@example.org", "a @ b.co", "12:30@noon", "bearer of news", "AKIA", "MAKIAIOSFODNN7EXAMPLE", "@", "",
    ])
    func textsWithoutSecretsStay(text: String) {
        #expect(Redaction.redacted(text) == text)
    }

    @Test(arguments: [
        (#"{"password": "c4nary", "a": 1"#, #"{"password": "<REDACTED>", "a": 1"#),
        (#"{"token":"c4nary that is cut"#, #"{"token":"<REDACTED>""#),
        (#"{"x": "\"", "pwd" : 4711, "b"#, #"{"x": "\"", "pwd" : "<REDACTED>", "b"#),
        (#"not json, "secret""#, #"not json, "secret""#), (#"""#, #"""#), (#"{"a\"#, #"{"a\"#),
    ])
    func secretsAreTakenOutOfWhatIsNotQuiteJSON(text: String, expected: String) {
        #expect(Redaction.redacted(excerpt: text) == expected)
    }

    @Test func noTextThatHoldsASecretIsPassedOver() {
        var random = SystemRandomNumberGenerator()
        let pieces = [
            "AKIA", "ASIA", "ghp_", "ghr_", "github_pat_", "xoxb-", "xapp-", "bearer ", "BEARER ", "a@b.co", " ", ".",
            "A",
            "b", "B", "0123456789abcdefghij",
        ]
        var found = 0
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 1...6, using: &random)).map { _ in pieces.randomElement(using: &random)! }
                .joined()
            guard SecretScanner(Array(text.utf8)).secrets() != nil else { continue }
            found += 1
            #expect(SecretScanner.mayHoldSecrets(text), "\(text)")
        }
        #expect(found > 1000)
    }

    @Test func deepSecretsAreFoundAndLongTextsTakeTimeInProportion() {
        var value: JSONValue = ["password": "c4nary"]
        for _ in 0..<60 { value = ["a": value] }
        #expect(!Redaction.redacted(value).compactText.contains("c4nary"))
        let clock = ContinuousClock()
        let times = [1, 16].map { factor in
            let text = String(repeating: "a@", count: 4096 * factor)
            return clock.measure { #expect(!Redaction.redacted(text).isEmpty) }
        }
        print("redaction: 8 KiB of the worst kind \(times[0]), 128 KiB \(times[1])")
        // Proportional is 16; quadratic would be 256.
        #expect(times[1] < times[0] * 128 + .seconds(1))
    }
}
