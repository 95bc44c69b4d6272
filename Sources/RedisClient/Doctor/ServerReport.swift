/// What the doctor says about a server: the facts, and a judgement of each.
package struct ServerReport: Sendable, Equatable {
    /// Whether what the server has acknowledged survives its death.
    package enum Durability: String, Sendable, CaseIterable {
        /// Append-only file, synced with every write or every second.
        case durable
        /// Kept in memory, or synced when the system pleases.
        case volatile
        /// The server does not tell.
        case unknown
    }

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
    package var durability: Durability {
        switch (self.facts.appendOnly, self.facts.appendFsync) {
        case (nil, _): .unknown
        case (false?, _): .volatile
        case (true?, "always"?), (true?, "everysec"?): .durable
        case (true?, nil): .unknown
        case (true?, _): .volatile
        }
    }
}
