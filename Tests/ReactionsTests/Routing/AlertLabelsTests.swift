import Events
import Reactions
import Testing

@Suite struct AlertLabelsTests {
    @Test func `an alert brings its labels`() {
        var alert = Alert.sample(severity: .high)
        alert.runID = "r1"
        alert.event = EventReference(
            arrival: 1,
            eventType: "run.failed",
            timestamp: Timestamp(seconds: 0),
            arrivedAt: Timestamp(seconds: 0),
            source: "aos"
        )
        #expect(
            AlertLabels(alert).description == """
                {alertname="T", domain="incidents", event_type="run.failed", handler="h", key="k", run_id="r1", \
                severity="HIGH", tenant_id="t"}
                """
        )
    }

    @Test func `what an alert does not have is no label`() {
        var alert = Alert.sample()
        alert.runID = "unknown"
        alert.tenant = ""
        let labels = AlertLabels(alert)
        #expect(labels.all.map(\.name) == ["alertname", "domain", "handler", "key", "severity"])
        #expect(labels["run_id"] == "")
        #expect(labels["no such label"] == "")
    }

    @Test func `extra labels get valid names and replace none of the alert's own`() {
        let labels = AlertLabels(
            .sample(),
            extra: ["deploy.env": "prod", "severity": "none", "9": "nine", "": "empty"]
        )
        #expect(labels["deploy_env"] == "prod")
        #expect(labels["severity"] == "MEDIUM")
        #expect(labels["_9"] == "nine")
        #expect(labels["_"] == "empty")
        #expect(labels.all.allSatisfy { AlertLabels.isValidName($0.name) })
    }

    /// The value that Alertmanager 0.25.0 gave for the same labels.
    @Test func `the fingerprint is Alertmanager's`() {
        let labels = AlertLabels(["alertname": "RunStale", "run_id": "r1", "severity": "high", "tenant": "t1"])
        #expect(labels.fingerprintText == "522d5f4851582e9a")
        // FNV-1a of nothing.
        #expect(AlertLabels().fingerprintText == "cbf29ce484222325")
    }

    @Test func `an empty label is a missing one`() {
        var labels = AlertLabels(["a": "1", "b": ""])
        #expect(labels == AlertLabels(["a": "1"]))
        labels["a"] = ""
        #expect(labels.isEmpty)
    }

    @Test func `a value that is too long keeps its beginning and stays itself`() {
        let long = String(repeating: "\u{E9}", count: 5_000)
        let labels = AlertLabels(["a": long + "1", "b": long + "2"])
        #expect(labels["a"].utf8.count <= AlertLabels.maxValueBytes)
        #expect(labels["a"].hasPrefix("\u{E9}\u{E9}"))
        #expect(labels["a"] != labels["b"])
    }

    @Test(arguments: [
        ("run.id", "run_id"), ("a", "a"), ("", "_"), ("1a", "_1a"), ("\u{E9}t", "_t"), ("a b-c", "a_b_c"),
    ])
    func `names are made valid`(name: String, valid: String) {
        #expect(AlertLabels.validName(name) == valid)
    }

    @Test func `labels common to several sets`() {
        let common = AlertLabels.common(to: [
            AlertLabels(["a": "1", "b": "2", "c": "3"]), AlertLabels(["a": "1", "b": "x", "d": "4"]),
        ])
        #expect(common == AlertLabels(["a": "1"]))
        #expect(AlertLabels.common(to: []).isEmpty)
        #expect(AlertLabels(["a": "1", "b": "2"]).only(["b", "z"]) == AlertLabels(["b": "2"]))
    }
}

@Suite struct LabelMatcherTests {
    private let labels = AlertLabels(["severity": "HIGH", "tenant": "t1"])

    @Test(arguments: [
        ("severity=HIGH", true), ("severity=\"HIGH\"", true), ("severity='high'", false), ("severity!=LOW", true),
        ("severity=~\"HIGH|CRITICAL\"", true), ("severity=~IG", false), ("severity!~\"H.*\"", false),
        ("run_id=\"\"", true), ("run_id!=\"\"", false), ("run_id=~\".*\"", true), ("run_id=~\".+\"", false),
        ("run_id!~\".+\"", true), (" tenant = t1 ", true),
    ])
    func `matchers hold or do not; a missing label is an empty one`(text: String, holds: Bool) throws {
        let matcher = try LabelMatcher.read(text)
        #expect(matcher.matches(self.labels) == holds)
        #expect(try LabelMatcher.read(matcher.description) == matcher)
    }

    @Test(arguments: [
        ("", []), ("{}", []), ("{a=\"1\"}", ["a=\"1\""]), ("a=1,b=~2", ["a=\"1\"", "b=~\"2\""]),
        ("{ a = \"1,2\" , b!=\"}\", }", ["a=\"1,2\"", "b!=\"}\""]),
        ("a=\"x\\\"y\\\\z\\n\\d\"", ["a=\"x\\\"y\\\\z\\n\\\\d\""]),
    ])
    func `lists are read as Alertmanager writes them`(text: String, matchers: [String]) throws {
        #expect(try LabelMatcher.readList(text).map(\.description) == matchers)
    }

    @Test(arguments: [
        ("", 0, "expected a label name, found the end"), ("a", 1, "expected one of = != =~ !~, found the end"),
        ("a~b", 1, "expected one of = != =~ !~, found `~`"), ("a!b", 1, "expected one of = != =~ !~, found `!`"),
        ("a=\"b", 2, "the value's quote is not closed"), ("a=b c", 4, "expected the end, found `c`"),
        ("1a=b", 0, "\"1a\" is no label name; one has letters, digits and _ only"),
        ("ab=~\"x(\"", 6, "the group is not closed: no `)` follows"),
        ("a=~x(", 4, "the group is not closed: no `)` follows"),
    ])
    func `a fault in a matcher is told with its place`(text: String, offset: Int, message: String) {
        #expect(throws: PatternError(message, at: offset)) { try LabelMatcher.read(text) }
    }

    @Test(arguments: [
        ("{a=b", 4, "expected `,` or `}`, found the end"), ("a=b}", 3, "expected `,` or the end, found `}`"),
    ])
    func `a fault in a list is told with its place`(text: String, offset: Int, message: String) {
        #expect(throws: PatternError(message, at: offset)) { try LabelMatcher.readList(text) }
    }

    @Test func `a matcher that takes the empty value would hide what has no such label`() throws {
        #expect(try LabelMatcher("a", .matches, ".*").matchesEmpty)
        #expect(try LabelMatcher("a", .notEqual, "x").matchesEmpty)
        #expect(try !LabelMatcher("a", .equal, "x").matchesEmpty)
    }
}
