package import Events

/// Silences, searched for one that hides an alert.
package struct SilenceSet: Sendable, Hashable {
    /// By id.
    package private(set) var all: [Silence]

    package init(_ silences: [Silence] = []) {
        self.all = silences.sorted { $0.id < $1.id }
    }

    package var isEmpty: Bool { self.all.isEmpty }

    /// What the silences say of an alert at an instant, and the time in which they say the same.
    package struct Answer: Sendable, Hashable {
        /// Of those that hide the alert the one that ends last, and of these the one with the first id.
        package var silence: Silence?
        /// Microseconds since 1970, the end not included.
        package var from: Int64
        package var until: Int64
    }

    package func answer(for labels: AlertLabels, at now: Timestamp) -> Answer {
        var answer = Answer(silence: nil, from: .min / 2, until: .max / 2)
        for silence in self.all where silence.matchers.matches(labels) {
            for bound in [silence.startsAt, silence.endsAt] {
                if bound <= now {
                    answer.from = max(answer.from, bound.microseconds)
                } else {
                    answer.until = min(answer.until, bound.microseconds)
                }
            }
            guard silence.state(at: now) == .active else { continue }
            if answer.silence.map({ $0.endsAt < silence.endsAt }) ?? true { answer.silence = silence }
        }
        return answer
    }

    /// Ids of those that end when an alert with these labels is resolved.
    package func endingOnResolve(of labels: AlertLabels, at now: Timestamp) -> [String] {
        self.all.filter { $0.expiresOnResolve && $0.state(at: now) != .expired && $0.matchers.matches(labels) }
            .map(\.id)
    }
}

extension SilenceRequest {
    /// Longer texts of people are refused.
    private static let maxTextBytes = 1024
    private static let maxMatchers = 50

    /// Refuses what makes no sense whenever it is asked for. What depends on the clock the store checks.
    ///
    /// - Throws: `SilenceError` (`invalid`).
    package func check() throws(SilenceError) {
        func refuse(_ field: String, _ message: String) -> SilenceError {
            SilenceError(.invalid, field: field, message)
        }
        guard !self.matchers.isEmpty else { throw refuse("matchers", "a silence needs at least one matcher") }
        guard self.matchers.count <= Self.maxMatchers else {
            throw refuse("matchers", "a silence has at most \(Self.maxMatchers) matchers")
        }
        guard self.matchers.contains(where: { !$0.matchesEmpty }) else {
            throw refuse(
                "matchers",
                "at least one matcher must not match the empty text, or the silence would hide everything"
            )
        }
        for (field, text) in [("created_by", self.createdBy), ("reason", self.reason)] {
            guard text.contains(where: { !$0.isWhitespace }) else { throw refuse(field, "must not be empty") }
            guard text.utf8.count <= Self.maxTextBytes else {
                throw refuse(field, "must not be longer than \(Self.maxTextBytes) bytes")
            }
        }
        if let startsAt = self.startsAt, self.endsAt <= startsAt {
            throw refuse("ends_at", "must lie after starts_at")
        }
    }
}

/// How much is kept of silences, and for how long.
package enum SilenceBounds {
    /// Silences that are pending or active at one time.
    package static let silences = 10_000
    /// Those that are over can be looked up this long; Alertmanager's retention of 120 h.
    package static let retention = Duration.seconds(120 * 3_600)
    /// Entries of the log of changes.
    package static let auditEntries = 10_000
    /// What the log of changes says of a silence that ended with its alert.
    package static let endedByAlert = "the alert was resolved"
}
