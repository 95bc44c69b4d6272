/// An alert group in words.
package struct AlertMessage: Sendable, Hashable {
    /// Bytes of a title and of a body, at most.
    package static let maxTitleBytes = 1024
    package static let maxBodyBytes = 16 * 1024
    /// Alerts that the plain body lists; the others are counted.
    package static let maxListed = 20

    /// One line.
    package var title: String
    package var body: String
    /// What went wrong with the templates, for whoever reads the message. Empty when nothing did.
    package var notes: [String]

    package init(title: String, body: String, notes: [String] = []) {
        self.title = title
        self.body = body
        self.notes = notes
    }

    /// The words without templates:
    ///
    ///     [FIRING: 2] HIGH STALE_RUN: Run r1 has not finished
    ///     HIGH STALE_RUN, run r1, tenant t1: Run r1 has not finished
    ///     HIGH MISSING_ACK, run r2, tenant t1: ...
    package static func plain(_ group: AlertGroup) -> AlertMessage {
        AlertMessage(title: Self.plainTitle(group), body: Self.plainBody(group))
    }

    /// The body with the notes behind it.
    package var bodyWithNotes: String {
        self.notes.isEmpty ? self.body : self.body + "\n" + self.notes.map { "(\($0))" }.joined(separator: "\n")
    }

    static func plainTitle(_ group: AlertGroup) -> String {
        let firing = group.notices.count { $0.status == .firing }
        let counted = firing > 0 ? firing : group.notices.count
        let status = group.reason == .test ? "TEST" : group.status.rawValue.uppercased()
        let worst = group.notices.enumerated().max { first, second in
            // The first of the worst ones, and a firing one rather than one that is over.
            let ranks = [first, second].map { ($0.element.status == .firing ? 1 : 0, $0.element.alert.severity.rank) }
            return ranks[0] == ranks[1] ? first.offset > second.offset : ranks[0] < ranks[1]
        }
        guard let alert = worst?.element.alert else { return "[\(status)]" }
        let number = counted > 1 ? ": \(counted)" : ""
        let line = "[\(status)\(number)] \(alert.severity.rawValue) \(alert.type): \(alert.summary)"
        return ClippedText.text(line.onOneLine, Self.maxTitleBytes)
    }

    static func plainBody(_ group: AlertGroup) -> String {
        var lines = group.notices.prefix(Self.maxListed).map { notice in
            let alert = notice.alert
            let end = notice.status == .resolved ? "resolved: " : ""
            let run = alert.runID == "unknown" || alert.runID.isEmpty ? "" : ", run \(alert.runID)"
            let tenant = alert.tenant.isEmpty ? "" : ", tenant \(alert.tenant)"
            return "\(end)\(alert.severity.rawValue) \(alert.type)\(run)\(tenant): \(alert.summary)".onOneLine
        }
        let rest = group.notices.count - lines.count
        if rest > 0 { lines.append("and \(rest) more") }
        return ClippedText.text(lines.joined(separator: "\n"), Self.maxBodyBytes)
    }
}

extension String {
    /// With a space for every control character and line end.
    var onOneLine: String {
        // Most texts are plain ones.
        if self.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return self }
        var clean = UnicodeScalarView()
        for scalar in self.unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
            clean.append(isControl || scalar.value == 0x2028 || scalar.value == 0x2029 ? " " : scalar)
        }
        return String(clean)
    }
}
