/// What the doctor says about a server: the facts, and a judgement of each.
package struct ServerReport: Sendable, Equatable {
    package let facts: ServerFacts

    /// One for each `ServerFinding.Code` that could be looked at, in the order of the codes.
    package let findings: [ServerFinding]

    /// Judges facts; needs no server.
    package init(facts: ServerFacts) {
        self.facts = facts
        self.findings = ServerJudgement(facts: facts).findings
    }

    /// The worst of the findings.
    package var worst: ServerFinding.Severity { self.findings.map(\.severity).max() ?? .ok }

    /// Whether what the server has acknowledged survives its death.
    package var durability: ServerDurability { ServerDurability(self.facts) }
}
