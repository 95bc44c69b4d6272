import Events
package import Reactions
import RedisClient
import Synchronization

extension RedisStateStore {
    // MARK: Ends

    /// - Throws: `RedisError`. What was told before is not told again when asked again.
    package func resolve(_ resolutions: [Resolution]) async throws -> [Telling] {
        var tellings: [Telling] = []
        for resolution in resolutions { tellings += try await self.resolve(resolution) }
        return tellings
    }

    private func resolve(_ resolution: Resolution) async throws -> [Telling] {
        let fingerprint = Fingerprint(
            key: resolution.key,
            tenant: resolution.tenant,
            domain: resolution.domain
        ).description
        for _ in 0..<Self.maxRereads {
            let reply = try await self.commands.send(
                RedisCommand("HGETALL", self.keys.standing(fingerprint))
            ).orThrow()
            guard let standing = StoredStanding(reply), standing.fires else { return [] }
            let call = ResolveCall(resolution, fingerprint, standing)
            if let tellings = try await self.resolve(call) { return tellings }
            try await self.readSilences()
        }
        throw RedisError(.unexpectedReply, "silences or the alert change faster than they can be read")
    }

    /// - Returns: nil when the alert or a silence has changed since it was read.
    private func resolve(_ call: ResolveCall) async throws -> [Telling]? {
        let (arguments, origin) = self.state.withLock { state in
            let ids = (call.standing.newest.map { [$0] } ?? []) + call.told
            var silences: Set<String> = []
            for alert in ids where !state.silences.isEmpty {
                silences.formUnion(state.silences.endingOnResolve(of: AlertLabels(alert), at: state.now))
            }
            let origin = ReceiptOrigin(instance: self.instance, configVersion: state.configVersion)
            return (self.sharedArguments(state) + call.arguments(silences.sorted(), state.rules, origin), origin)
        }
        let resolution = call.resolution
        let reply = try await self.commands.evaluate(
            self.scripts.resolve,
            keys: ScriptPrelude.keys(self.keys)
                + [
                    self.keys.domain(tenant: resolution.tenant, domain: resolution.domain),
                    self.keys.identity(call.fingerprint), self.keys.silences, self.keys.audit,
                ].map { Array($0.utf8) },
            arguments: arguments
        ).orThrow()
        guard let answers = reply.elements, answers.count >= 2 else {
            throw RedisError(.unexpectedReply, "the script that resolves alerts answered with something unknown")
        }
        self.note(now: answers[1])
        guard answers[0].text == "ok" else { return nil }
        return zip(call.told, answers.dropFirst(2)).compactMap { alert, answer in
            self.telling(
                alert.resolved(by: resolution.summary),
                .resolved,
                answer,
                call.fingerprint,
                handler: resolution.handler,
                origin
            )
        }
    }

    private func telling(
        _ alert: Alert,
        _ status: AlertStatus,
        _ answer: RedisReply,
        _ fingerprint: String,
        handler: String,
        _ origin: ReceiptOrigin,
        route: RouteMatch? = nil
    ) -> Telling? {
        guard let numbers = answer.text.flatMap(DecisionNumbers.init), let fingerprint = Fingerprint(fingerprint) else {
            return nil
        }
        let receipt = numbers.receipt(
            DecisionNumbers.Texts(
                alertID: alert.id,
                fingerprint: fingerprint,
                domain: alert.domain,
                heldBackBy: "",
                heldFingerprint: "",
                why: "",
                handler: handler,
                origin: origin
            )
        )
        return Telling(alert: alert, status: status, receipt: receipt, route: route)
    }

    // MARK: What is due

    /// - Throws: `RedisError`. What could not be told stays due.
    package func settle() async throws -> [Telling] {
        let shared = self.state.withLock { self.sharedArguments($0) }
        let reply = try await self.commands.evaluate(
            self.scripts.look,
            keys: ScriptPrelude.keys(self.keys),
            arguments: shared
        ).orThrow()
        guard let found = reply.elements, let now = found.first?.text.flatMap({ Int64($0) }) else {
            throw RedisError(.unexpectedReply, "the script that looks for what is due answered with something unknown")
        }
        var tellings: [Telling] = []
        for entry in found.dropFirst() {
            guard let parts = entry.elements, parts.count == 2, let member = parts[0].text else { continue }
            let call = SettleCall(member, parts[1], now: Timestamp(microseconds: now))
            tellings += try await self.take(call)
        }
        return tellings
    }

    private func take(_ call: SettleCall) async throws -> [Telling] {
        let (arguments, origin) = self.state.withLock { state in
            let origin = ReceiptOrigin(instance: self.instance, configVersion: state.configVersion)
            return (self.sharedArguments(state) + call.arguments(state.rules, origin), origin)
        }
        let reply = try await self.commands.evaluate(
            self.scripts.take,
            keys: ScriptPrelude.keys(self.keys),
            arguments: arguments
        ).orThrow()
        guard let answers = reply.elements else { return [] }
        return zip(call.alerts, answers.dropFirst()).compactMap { alert, answer in
            self.telling(
                alert,
                call.status,
                answer,
                call.fingerprint,
                handler: alert.handler,
                origin,
                route: call.heldBack?.digestRoute
            )
        }
    }
}
