import Glibc

extension ServerReport {
    /// Asks a server about itself and judges the answers. Works with whatever rights we have: what is refused is
    /// reported as unknown.
    ///
    /// - Parameters:
    ///   - channels: the channels that will be subscribed and published to, for the question what we may do.
    ///   - wallClock: microseconds since 1970; compared with the server's clock.
    /// - Throws: `RedisError` when the server cannot be asked at all.
    package static func examine(
        _ client: RedisCommandClient,
        channels: [String] = [],
        wallClock: () -> Int64 = ServerExamination.systemClock
    ) async throws(RedisError) -> ServerReport {
        var facts = ServerFacts()
        facts.isLocal = ServerExamination.isLocal(client.endpoint)
        try await ServerExamination.askConfiguration(client, &facts)
        try await ServerExamination.askPermissions(client, channels, &facts)
        try await ServerExamination.askTime(client, wallClock, &facts)
        return ServerReport(facts: facts)
    }
}

/// The questions of the doctor.
package enum ServerExamination {
    private static let parameters = [
        "client-output-buffer-limit", "appendonly", "appendfsync", "maxmemory", "maxmemory-policy", "tcp-keepalive",
    ]

    static func askConfiguration(_ client: RedisCommandClient, _ facts: inout ServerFacts) async throws(RedisError) {
        let info = RedisCommand("INFO")
        // One parameter each: servers before 7.0 take no more.
        let questions = Self.parameters.map { RedisCommand("CONFIG", "GET", $0) }
        let replies = try await client.pipeline([info] + questions)
        if let text = replies[0].text { facts.read(info: text) }
        for reply in replies {
            if let error = reply.error { facts.configurationError = error }
            guard let pair = reply.elements, pair.count == 2, let name = pair[0].text, let value = pair[1].text else {
                continue
            }
            facts.read(parameter: name, value: value)
        }
    }

    // MARK: Access

    static func askPermissions(
        _ client: RedisCommandClient,
        _ channels: [String],
        _ facts: inout ServerFacts
    ) async throws(RedisError) {
        let replies = try await client.pipeline([
            RedisCommand("ACL", "WHOAMI"), RedisCommand("ACL", "GETUSER", "default"),
        ])
        facts.user = replies[0].text
        facts.isOpen = Self.isOpen(replies[1])
        guard let user = facts.user else { return }
        let needed = Self.needed(channels)
        let trials = needed.map { RedisCommand(["ACL", "DRYRUN", user].map { Array($0.utf8) } + $0.arguments) }
        let verdicts = try await client.pipeline(trials)
        // Before 7.0 there is no DRYRUN, and a user without rights to ACL may not ask.
        guard verdicts.allSatisfy({ $0.error == nil }) else { return }
        facts.forbidden = zip(needed, verdicts).filter { !$0.1.isOK }.map(\.0.name)
    }

    private static func needed(_ channels: [String]) -> [(name: String, arguments: [[UInt8]])] {
        let onChannels = channels.flatMap { channel in
            [("SUBSCRIBE \(channel)", ["SUBSCRIBE", channel]), ("PUBLISH \(channel)", ["PUBLISH", channel, ""])]
        }
        let general = [
            ("INFO", ["INFO"]), ("CONFIG GET", ["CONFIG", "GET", "maxmemory"]), ("CLIENT LIST", ["CLIENT", "LIST"]),
            ("TIME", ["TIME"]), ("EVAL", ["EVAL", "return 1", "0"]),
        ]
        return (onChannels + general).map { name, words in (name, words.map { Array($0.utf8) }) }
    }

    /// Whether a description of the user `default` lets everybody in; nil when there is none.
    private static func isOpen(_ reply: RedisReply) -> Bool? {
        guard let elements = reply.elements,
            let at = elements.firstIndex(where: { $0.text == "flags" }), at + 1 < elements.count,
            let flags = elements[at + 1].elements?.compactMap(\.text)
        else { return nil }
        return flags.contains("on") && flags.contains("nopass")
    }

    static func isLocal(_ endpoint: RedisEndpoint) -> Bool {
        switch endpoint.address {
        case .unix: true
        case .tcp(let host, _): host == "localhost" || host == "::1" || host.hasPrefix("127.")
        }
    }

    // MARK: Time

    static func askTime(
        _ client: RedisCommandClient,
        _ wallClock: () -> Int64,
        _ facts: inout ServerFacts
    ) async throws(RedisError) {
        // The quickest of some round trips says most.
        for _ in 0..<3 {
            let start = wallClock()
            let reply = try await client.pipeline([RedisCommand("TIME")])[0]
            let end = wallClock()
            guard let parts = reply.elements, parts.count == 2, let seconds = parts[0].integer,
                let microseconds = parts[1].integer
            else { return }
            let uncertainty = Duration.microseconds((end - start) / 2)
            guard facts.clock.map({ uncertainty < $0.uncertainty }) ?? true else { continue }
            let offset = seconds * 1_000_000 + microseconds - (start + end) / 2
            facts.clock = ServerFacts.ClockOffset(offset: .microseconds(offset), uncertainty: uncertainty)
        }
    }

    /// Microseconds since 1970 by the system's clock.
    @Sendable
    package static func systemClock() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }
}
