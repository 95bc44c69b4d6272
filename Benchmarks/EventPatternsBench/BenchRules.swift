import EventPatterns

/// The rule sets that are measured. Rule number i of a set asks for what only events with key i have, so the number of
/// rules that an event meets does not grow with the set.
enum BenchRules: String, CaseIterable {
    case exact
    case prefix
    case suffix
    case wildcard
    case numeric
    /// Every rule excludes the value that nearly all events have.
    case anythingBut = "anything-but"
    case cidr
    case mixed

    func specifications(count: Int) throws(PatternError) -> [RuleSpecification] {
        var rules: [RuleSpecification] = []
        for index in 0..<count {
            let pattern = try EventPattern.parse(json: "{\"payload\":{\(self.field(index))}}")
            rules.append(RuleSpecification(on: [.any], match: pattern))
        }
        return rules
    }

    private func field(_ index: Int) -> String {
        switch self {
        case .exact: "\"key\":[\"\(BenchEvents.key(index))\"]"
        case .prefix: "\"name\":[{\"prefix\":\"\(BenchEvents.key(index))-\"}]"
        case .suffix: "\"file\":[{\"suffix\":\"-\(BenchEvents.key(index)).log\"}]"
        case .wildcard: "\"name\":[{\"wildcard\":\"*\(BenchEvents.key(index))-*-end\"}]"
        case .numeric: "\"amount\":[{\"numeric\":[\">=\",\(index),\"<\",\(index + 1)]}]"
        case .anythingBut: "\"status\":[{\"anything-but\":[\"ok\",\"state-\(index)\"]}]"
        case .cidr: "\"address\":[{\"cidr\":\"10.\(index / 256).\(index % 256).0/24\"}]"
        case .mixed: Self.allCases[index % 7].field(index)
        }
    }
}

/// Sets over envelopes as the platform publishes them.
enum EnvelopeRules: String, CaseIterable {
    /// Five types, nothing else.
    case exactTypes = "5 exact types"
    /// Twelve handlers on one or all types with leaves of every kind on payload fields.
    case mixedLeaves = "mixed leaves"
    /// A thousand rules of a type, a tenant and a threshold.
    case typeTenantNumeric = "1000 type+tenant+numeric"

    func specifications() throws(PatternError) -> [RuleSpecification] {
        switch self {
        case .exactTypes: return BenchEvents.types.prefix(5).map { RuleSpecification(on: [.exact($0)]) }
        case .mixedLeaves: return try Self.mixed()
        case .typeTenantNumeric:
            var rules: [RuleSpecification] = []
            for index in 0..<1_000 {
                let type = BenchEvents.types[index % BenchEvents.types.count]
                let pattern = try EventPattern.parse(
                    json: """
                        {"payload":{"tenant_id":["tenant-\(index / 10)"],
                        "cost_usd":[{"numeric":[">",\(index % 50)]}]}}
                        """
                )
                rules.append(RuleSpecification(on: [.exact(type)], match: pattern))
            }
            return rules
        }
    }

    private static func mixed() throws(PatternError) -> [RuleSpecification] {
        let patterns = [
            #"{"payload":{"cost_usd":[{"numeric":[">",25]}]}}"#,
            #"{"payload":{"status":[{"anything-but":["ok","retrying"]}]}}"#,
            #"{"payload":{"tenant_id":["tenant-1","tenant-2"],"attempt":[{"numeric":[">=",3]}]}}"#,
            #"{"payload":{"name":[{"prefix":"key-00001"}]}}"#,
            #"{"payload":{"file":[{"suffix":"7.log"}]}}"#,
            #"{"payload":{"address":[{"cidr":"10.0.0.0/16"}]}}"#,
            #"{"payload":{"error":[{"exists":true}]}}"#,
            #"{"payload":{"name":[{"wildcard":"*00*-mid-*"}]},"source":["orchestrator"]}"#,
            #"{"payload":{"status":[{"equals-ignore-case":"FAILED"}]}}"#,
            #"{"$or":[{"payload":{"attempt":[5]}},{"payload":{"status":["failed"]}}]}"#,
            #"{"source":["gateway"],"payload":{"error":[{"exists":false}]}}"#,
            #"{"payload":{"key":["key-000003"]}}"#,
        ]
        var rules: [RuleSpecification] = []
        for (index, pattern) in patterns.enumerated() {
            let on: [TypePattern] = index % 2 == 0 ? [.any] : [.prefix("run.")]
            rules.append(RuleSpecification(on: on, match: try EventPattern.parse(json: pattern)))
        }
        return rules
    }
}

/// A thousand wildcards made to hurt: all words of ten letters `a` and `b` with a star around each letter. As states of one
/// deterministic automaton they would be more than fit anywhere, and one that goes back never comes to an end.
enum HostileRules {
    static func specifications() throws(PatternError) -> [RuleSpecification] {
        var rules: [RuleSpecification] = []
        for number in 0..<1_000 {
            let letters = (0..<10).map { number >> $0 & 1 == 0 ? "a" : "b" }.joined(separator: "*")
            let pattern = try EventPattern.parse(json: "{\"payload\":{\"note\":[{\"wildcard\":\"*\(letters)*\"}]}}")
            rules.append(RuleSpecification(on: [.any], match: pattern))
        }
        return rules
    }

    /// Events with a value that all of the wildcards match, and with one on which nearly all of them wait to the end.
    static func events(size: Int) -> [(name: String, event: [UInt8])] {
        [("matched by all", "ab"), ("matched by one", "aa")].map { name, pair in
            let value = String(repeating: pair, count: size / 2)
            let event = "{\"event_type\": \"run.started\", \"payload\": {\"note\": \"\(value)\"}}"
            return (name, Array(event.utf8))
        }
    }
}
