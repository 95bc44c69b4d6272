package import Events

/// Somebody wants not to be told of certain alerts for a while.
package struct Silence: Sendable, Hashable {
    /// `sil_` and 26 letters and digits; given by the store.
    package var id: String
    /// All must hold. At least one of them does not match the empty text, or everything would be silenced.
    package var matchers: [LabelMatcher]
    package var startsAt: Timestamp
    package var endsAt: Timestamp
    package var createdBy: String
    package var reason: String
    /// Acknowledges the alerts that fire now: it ends when they are resolved.
    package var expiresOnResolve: Bool
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    package enum State: String, Sendable, Hashable, CaseIterable {
        case pending
        case active
        case expired
    }

    package init(
        id: String = "",
        matchers: [LabelMatcher],
        startsAt: Timestamp,
        endsAt: Timestamp,
        createdBy: String,
        reason: String,
        expiresOnResolve: Bool = false,
        createdAt: Timestamp,
        updatedAt: Timestamp
    ) {
        self.id = id
        self.matchers = matchers
        self.startsAt = startsAt
        self.endsAt = endsAt
        self.createdBy = createdBy
        self.reason = reason
        self.expiresOnResolve = expiresOnResolve
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    package func state(at now: Timestamp) -> State {
        if now >= self.endsAt { return .expired }
        return now < self.startsAt ? .pending : .active
    }
}

/// What a person asks for when making a silence.
package struct SilenceRequest: Sendable, Hashable {
    package var matchers: [LabelMatcher]
    /// Nil for now.
    package var startsAt: Timestamp?
    package var endsAt: Timestamp
    package var createdBy: String
    package var reason: String
    package var expiresOnResolve: Bool

    package init(
        matchers: [LabelMatcher],
        startsAt: Timestamp? = nil,
        endsAt: Timestamp,
        createdBy: String,
        reason: String,
        expiresOnResolve: Bool = false
    ) {
        self.matchers = matchers
        self.startsAt = startsAt
        self.endsAt = endsAt
        self.createdBy = createdBy
        self.reason = reason
        self.expiresOnResolve = expiresOnResolve
    }
}

/// Why a silence was refused, for whoever asked for it.
package struct SilenceError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable {
        case invalid
        case unknown
        /// It is over, so it cannot be changed.
        case expired
        /// As many silences as there may be are kept already.
        case tooMany = "too_many"
    }

    package var code: Code
    /// The field of the request, where one is to blame: `matchers`, `ends_at`, ...
    package var field: String?
    package var description: String

    package init(_ code: Code, field: String? = nil, _ description: String) {
        self.code = code
        self.field = field
        self.description = description
    }
}

/// One entry of the log of changes that people made: who, what, when.
package struct AuditEntry: Sendable, Hashable {
    package var at: Timestamp
    package var actor: String
    /// `silence.created`, `silence.expired`, `dead_letter.retried`, ...
    package var action: String
    /// The id of what was changed.
    package var subject: String
    package var detail: String

    package init(at: Timestamp, actor: String, action: String, subject: String, detail: String) {
        self.at = at
        self.actor = actor
        self.action = action
        self.subject = subject
        self.detail = detail
    }
}
