/// Whether what a server has acknowledged survives its death, and why.
package struct ServerDurability: Sendable, Hashable {
    package enum Verdict: String, Sendable, CaseIterable {
        /// Append-only file, synced with every write or every second, and no key is dropped for want of memory.
        case durable
        /// Kept in memory, synced when the system pleases, or dropped when memory is short.
        case volatile
        /// The server does not tell.
        case unknown
    }

    package let verdict: Verdict
    /// For a person, with the settings that decided.
    package let reason: String

    package init(_ verdict: Verdict, _ reason: String) {
        self.verdict = verdict
        self.reason = reason
    }

    /// Judges facts; needs no server. A replica is no reason to call a server durable, because one fault can take both:
    /// it is told of, and decides nothing.
    package init(_ facts: ServerFacts) {
        if let limit = facts.maxMemory, limit > 0, let policy = facts.evictionPolicy, policy != "noeviction" {
            self.init(.volatile, "maxmemory-policy \(policy) drops keys when \(limit) bytes are used")
            return
        }
        let copies = facts.replicas.map { $0 == 0 ? "no replica" : "replicas: \($0)" }
        let tail = copies.map { ", \($0)" } ?? ""
        switch (facts.appendOnly, facts.appendFsync) {
        case (nil, _): self.init(.unknown, "the server does not tell whether it keeps an append-only file")
        case (false?, _): self.init(.volatile, "appendonly no\(tail)")
        case (true?, nil): self.init(.unknown, "appendonly yes, and the server does not tell when it is synced\(tail)")
        case (true?, let fsync?):
            let isKept = fsync == "always" || fsync == "everysec"
            self.init(isKept ? .durable : .volatile, "appendonly yes, appendfsync \(fsync)\(tail)")
        }
        guard self.verdict == .durable, facts.maxMemory == nil || facts.evictionPolicy == nil else { return }
        self.init(.unknown, "\(self.reason), and the server does not tell whether it drops keys")
    }
}
