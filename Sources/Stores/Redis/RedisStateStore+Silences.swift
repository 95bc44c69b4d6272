import Events
package import Reactions
import RedisClient
import Synchronization

extension RedisStateStore: SilenceBook {
    /// Reads the silences anew, and what time it is.
    ///
    /// - Returns: Those that are kept, in no order.
    @discardableResult
    func readSilences() async throws -> (silences: [Silence], now: Timestamp) {
        let reply = try await self.commands.evaluate(
            self.scripts.readSilences,
            keys: [self.keys.clock, self.keys.silences, self.keys.silencesVersion],
            arguments: []
        ).orThrow()
        guard let parts = reply.elements, parts.count == 3, let now = parts[0].text.flatMap({ Int64($0) }),
            let version = parts[1].text
        else { throw RedisError(.unexpectedReply, "the script that reads silences answered with something unknown") }
        let silences = parts[2].fields.compactMap { SilenceText.read($0.value, id: $0.key) }
        self.note(now: parts[0])
        self.state.withLock { state in
            guard state.silencesVersion != version else { return }
            state.silences = SilenceSet(silences)
            state.silencesVersion = version
        }
        return (silences, Timestamp(microseconds: now))
    }

    /// - Throws: `RedisError`.
    package func silences(includingExpired: Bool) async throws -> [Silence] {
        let (silences, now) = try await self.readSilences()
        return
            silences.filter { silence in
                guard silence.state(at: now) == .expired else { return true }
                return includingExpired && silence.endsAt + SilenceBounds.retention > now
            }
            .sorted { ($1.createdAt, $1.id) < ($0.createdAt, $0.id) }
    }

    /// - Throws: `SilenceError`, `RedisError`.
    package func add(_ request: SilenceRequest) async throws -> Silence {
        var generator = SystemRandomNumberGenerator()
        return try await self.add(request, id: SilenceIdentifier.make(using: &generator))
    }

    /// `add` with an id that the caller has made.
    ///
    /// - Throws: `SilenceError`, `RedisError`.
    package func add(_ request: SilenceRequest, id: String) async throws -> Silence {
        try request.check()
        let answer = try await self.change(
            self.scripts.addSilence,
            [
                id, "\(request.startsAt?.microseconds ?? 0)", "\(request.endsAt.microseconds)",
                SilenceText.fixed(request), request.createdBy, request.reason,
                "\(SilenceBounds.retention.wholeMicroseconds)", "\(SilenceBounds.silences)",
                "\(SilenceBounds.auditEntries)",
            ]
        )
        switch answer.status {
        case "past": throw SilenceError.endsInThePast
        case "full": throw SilenceError.tooMany
        default: return try answer.silence(id)
        }
    }

    /// - Throws: `SilenceError`, `RedisError`.
    package func expire(_ id: String, by actor: String) async throws -> Silence {
        var generator = SystemRandomNumberGenerator()
        let version = SilenceIdentifier.make(using: &generator)
        let answer = try await self.change(
            self.scripts.expireSilence,
            [id, actor, version, "\(SilenceBounds.auditEntries)"]
        )
        guard answer.status != "unknown" else { throw SilenceError.unknown(id) }
        return try answer.silence(id)
    }

    private struct Answer {
        var status: String
        var text: String?

        func silence(_ id: String) throws -> Silence {
            guard self.status == "ok", let silence = self.text.flatMap({ SilenceText.read($0, id: id) }) else {
                throw RedisError(.unexpectedReply, "a script about silences answered with something unknown")
            }
            return silence
        }
    }

    private func change(_ script: RedisScript, _ arguments: [String]) async throws -> Answer {
        let reply = try await self.commands.evaluate(
            script,
            keys: [self.keys.clock, self.keys.silences, self.keys.silencesVersion, self.keys.audit],
            arguments: arguments
        ).orThrow()
        return Answer(status: reply.elements?.first?.text ?? "", text: reply.elements?.dropFirst().first?.text)
    }

    /// - Throws: `RedisError`.
    package func auditLog(limit: Int) async throws -> [AuditEntry] {
        guard limit > 0 else { return [] }
        let reply = try await self.commands.send(
            RedisCommand("XREVRANGE", self.keys.audit, "+", "-", "COUNT", "\(limit)")
        ).orThrow()
        return (reply.elements ?? []).compactMap(StreamEntry.init).compactMap { entry in
            let fields = entry.fields
            guard let at = fields["at"].flatMap({ Int64($0) }), let action = fields["action"] else { return nil }
            return AuditEntry(
                at: Timestamp(microseconds: at),
                actor: fields["actor"] ?? "",
                action: action,
                subject: fields["subject"] ?? "",
                detail: fields["detail"] ?? ""
            )
        }
    }
}

/// A silence as it is kept; see `SilenceScripts`.
private enum SilenceText {
    /// What does not change.
    static func fixed(_ request: SilenceRequest) -> String {
        let matchers = request.matchers.map { matcher in
            JSONValue.array([.string(matcher.name), .string(matcher.operation.rawValue), .string(matcher.value)])
        }
        return JSONValue.object([
            JSONMember("matchers", .array(matchers)), JSONMember("created_by", .string(request.createdBy)),
            JSONMember("reason", .string(request.reason)),
            JSONMember("expires_on_resolve", .bool(request.expiresOnResolve)),
        ]).compactText
    }

    /// Nil for what no version of the scripts has written.
    static func read(_ text: String, id: String) -> Silence? {
        let parts = text.split(separator: " ", maxSplits: 4)
        let times = parts.prefix(4).compactMap { Int64($0) }.map { Timestamp(microseconds: $0) }
        guard parts.count == 5, times.count == 4, let json = try? JSONValue.parse(Array(parts[4].utf8)),
            let list = json["matchers"]?.arrayValue
        else { return nil }
        let matchers = list.compactMap { entry -> LabelMatcher? in
            let texts = (entry.arrayValue ?? []).compactMap(\.stringValue)
            guard texts.count == 3, let operation = LabelMatcher.Operation(rawValue: texts[1]) else { return nil }
            return try? LabelMatcher(texts[0], operation, texts[2])
        }
        // Fewer matchers would hide more.
        guard !matchers.isEmpty, matchers.count == list.count else { return nil }
        return Silence(
            id: id,
            matchers: matchers,
            startsAt: times[0],
            endsAt: times[1],
            createdBy: json["created_by"]?.stringValue ?? "",
            reason: json["reason"]?.stringValue ?? "",
            expiresOnResolve: json["expires_on_resolve"] == .bool(true),
            createdAt: times[2],
            updatedAt: times[3]
        )
    }
}
