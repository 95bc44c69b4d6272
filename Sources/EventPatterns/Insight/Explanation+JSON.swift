package import Events

extension Explanation.MatchedLeaf {
    /// `{"path","operator","expected","actual"}`; `actual` is null for a field that is absent as it should be.
    package var json: JSONValue {
        [
            "path": .string(self.path), "operator": .string(self.operatorName), "expected": .string(self.expected),
            "actual": self.actual.map(JSONValue.string) ?? .null,
        ]
    }
}

extension Explanation.Failure {
    /// `{"reason","path","operator","expected","actual","line","column"}`; the last two say where the pattern asks.
    package var json: JSONValue {
        [
            "reason": .string(self.reason.rawValue), "path": .string(self.path), "operator": .string(self.operatorName),
            "expected": .string(self.expected), "actual": self.actual.map(JSONValue.string) ?? .null,
            "line": .number(self.mark.line), "column": .number(self.mark.column),
        ]
    }
}

extension Explanation {
    /// `{"match":true,"leaves":[…]}` or `{"match":false,"failure":{…}}`.
    package var json: JSONValue {
        switch self.verdict {
        case .match(let leaves): ["match": true, "leaves": .array(leaves.map(\.json))]
        case .noMatch(let failure): ["match": false, "failure": failure.json]
        }
    }
}
