import AdminAPI
import Events

/// What is known of a run, in words.
struct RunText {
    let run: RunResponse

    init(_ run: RunResponse) {
        self.run = run
    }

    /// One line about the run, and one for each entry.
    var timeline: String {
        let entries = self.run.entries.map { entry in
            let kind = entry.kind.rawValue
            return "\(ShownTime.precise(entry.at))  \(kind)\(String(repeating: " ", count: 16 - kind.count))"
                + entry.summary.oneLine(200)
        }
        return ([self.head] + entries).joined(separator: "\n")
    }

    /// `run r1 of acme: STALE, started 2026-11-21 18:00:03, open, deadline 18:00:38`
    var head: String {
        let name = "run \(self.run.runID.oneLine(128))"
        let risk = self.run.risk.map { ", risk \($0)" } ?? ""
        guard let known = self.run.run else { return "\(name): how it stands is not known\(risk)" }
        let tenant = known.tenant.isEmpty ? "" : " of \(known.tenant.oneLine(64))"
        let agent = known.agent.map { " by \($0.oneLine(64))" } ?? ""
        var parts = [known.status, "started \(ShownTime.short(known.startedAt))"]
        if let ended = known.endedAt {
            parts.append("\(known.outcome ?? "ended") \(ShownTime.short(ended))")
        } else {
            parts.append("open")
            if let deadline = known.deadlineAt { parts.append("deadline \(ShownTime.clock(deadline))") }
        }
        return name + tenant + agent + ": " + parts.joined(separator: ", ") + risk
    }

    /// What the contract says of the run: what was expected, what came of it, and what was found.
    var contract: [String] {
        var lines: [String] = []
        for entry in self.run.entries {
            switch entry.kind {
            case .expectation, .acknowledgement, .finding, .threshold:
                let title = entry.kind == .acknowledgement ? "ack" : entry.kind.rawValue
                lines.append(
                    "  \(ShownTime.clock(entry.at))  \(title)\(String(repeating: " ", count: max(1, 13 - title.count)))"
                        + entry.summary.oneLine(160)
                )
            case .event, .alert, .receipt, .heartbeat, .quarantine, .delivery: break
            }
        }
        return lines
    }
}

extension ShownTime {
    /// `2026-11-21 18:00:03.123` of `2026-11-21T18:00:03.123456Z`.
    static func precise(_ text: String) -> String {
        let fraction = text.dropFirst(19).first == "." ? text.dropFirst(20).prefix(3) : "000"
        return "\(Self.short(text)).\(fraction)"
    }
}
