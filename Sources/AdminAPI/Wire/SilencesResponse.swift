import Events
import Reactions

/// Answer of `/v1/silences`: the newest first.
package struct SilencesResponse: Sendable, Hashable, Codable {
    package struct Silence: Sendable, Hashable, Codable {
        package var id: String
        /// All must hold: `severity="HIGH"`.
        package var matchers: [String]
        /// `pending`, `active` or `expired`.
        package var state: String
        package var startsAt: String
        package var endsAt: String
        package var createdBy: String
        package var reason: String
        package var expiresOnResolve: Bool
        package var createdAt: String
        package var updatedAt: String

        enum CodingKeys: String, CodingKey {
            case id
            case matchers
            case state
            case startsAt = "starts_at"
            case endsAt = "ends_at"
            case createdBy = "created_by"
            case reason
            case expiresOnResolve = "expire_on_resolve"
            case createdAt = "created_at"
            case updatedAt = "updated_at"
        }
    }

    package var silences: [Silence]
}

extension SilencesResponse.Silence {
    init(_ silence: Reactions.Silence, at now: Timestamp) {
        self.init(
            id: silence.id,
            matchers: silence.matchers.map(\.description),
            state: silence.state(at: now).rawValue,
            startsAt: silence.startsAt.rfc3339,
            endsAt: silence.endsAt.rfc3339,
            createdBy: silence.createdBy,
            reason: silence.reason,
            expiresOnResolve: silence.expiresOnResolve,
            createdAt: silence.createdAt.rfc3339,
            updatedAt: silence.updatedAt.rfc3339
        )
    }
}

/// Answer of `/v1/silences/preview`: what a silence would have hidden of what was decided last.
package struct SilencePreview: Sendable, Hashable, Codable {
    /// How many decisions were looked at.
    package var examined: Int
    /// How many of them it would hide.
    package var matching: Int
    /// Those, the newest first, at most a hundred.
    package var receipts: [ReceiptsResponse.Entry]
}

/// Answer of `/v1/audit`: changes that people made, the newest first.
package struct AuditResponse: Sendable, Hashable, Codable {
    package struct Entry: Sendable, Hashable, Codable {
        package var at: String
        package var actor: String
        package var action: String
        package var subject: String
        package var detail: String
    }

    package var entries: [Entry]

    init(_ entries: [AuditEntry]) {
        self.entries = entries.map {
            Entry(at: $0.at.rfc3339, actor: $0.actor, action: $0.action, subject: $0.subject, detail: $0.detail)
        }
    }
}
