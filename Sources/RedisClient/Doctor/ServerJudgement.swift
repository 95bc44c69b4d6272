/// The doctor's rules: facts in, findings out.
struct ServerJudgement {
    let facts: ServerFacts

    var findings: [ServerFinding] {
        [
            self.version, self.role, self.outputBuffer, self.eviction, self.persistence, self.keepalive,
            self.permissions, self.openDefaultUser, self.clock,
        ].compactMap(\.self)
    }

    // MARK: The server

    private var version: ServerFinding {
        guard let version = self.facts.version, let text = self.facts.versionText, !version.isEmpty else {
            return self.unknown(.version, "the server's version")
        }
        let found = "Redis \(text)"
        if version.lexicographicallyPrecedes([6, 2]) {
            return ServerFinding(
                .version,
                .problem,
                "\(found) lacks commands that shared state needs (ZADD GT came with 6.2)",
                remedy: "run Redis 6.2 or later"
            )
        }
        if version.lexicographicallyPrecedes([7, 4]) {
            return ServerFinding(
                .version,
                .note,
                "\(found) does not count clients that it cuts at their output-buffer limit (7.4 does)",
                remedy: "rely on the blind windows that the reactor itself reports"
            )
        }
        return ServerFinding(.version, .ok, found)
    }

    private var role: ServerFinding {
        switch self.facts.role {
        case "master"?: ServerFinding(.role, .ok, "the server is a master")
        case nil: self.unknown(.role, "the server's role")
        case let role?:
            ServerFinding(
                .role,
                .warning,
                "the server is a \(role == "slave" ? "replica" : role): it delivers late and refuses writes",
                remedy: "point the reactor at the master"
            )
        }
    }

    // MARK: Delivery

    /// Below this a stall of some seconds at a busy hour ends in a disconnection.
    private static let comfortableLimit: Int64 = 256 * 1_048_576
    /// What Redis ships with: a stop of one second in a flood fills it.
    private static let shippedLimit: Int64 = 32 * 1_048_576

    private var outputBuffer: ServerFinding {
        guard let limit = self.facts.subscriberLimit else {
            return self.unknown(.outputBuffer, "the output-buffer limit of subscribers (pubsub class)")
        }
        let found =
            "output-buffer limit of subscribers: hard \(Self.size(limit.hard)), soft \(Self.size(limit.soft)) for "
            + "\(limit.softSeconds) s"
        let remedy = "CONFIG SET client-output-buffer-limit \"pubsub 512mb 256mb 60\""
        guard limit.hard > 0 else {
            return ServerFinding(
                .outputBuffer,
                .note,
                "\(found); a subscriber that stops reading takes the server's memory",
                remedy: remedy
            )
        }
        guard limit.hard < Self.comfortableLimit else { return ServerFinding(.outputBuffer, .ok, found) }
        return ServerFinding(
            .outputBuffer,
            limit.hard < Self.shippedLimit ? .problem : .warning,
            "\(found); one publish of that size, or a stop of about \(limit.hard / Self.floodBytesPerSecond) s in a "
                + "flood of 10,000 events of 1 KiB a second, cuts every subscriber off",
            remedy: remedy
        )
    }

    private static let floodBytesPerSecond: Int64 = 10_000 * 1_024

    private var keepalive: ServerFinding {
        guard let seconds = self.facts.keepalive else { return self.unknown(.keepalive, "tcp-keepalive") }
        guard seconds == 0 || seconds > 60 else { return ServerFinding(.keepalive, .ok, "tcp-keepalive \(seconds) s") }
        let found = seconds == 0 ? "tcp-keepalive is off" : "tcp-keepalive is \(seconds) s"
        return ServerFinding(
            .keepalive,
            self.facts.isLocal ? .note : .warning,
            "\(found): the server holds dead subscribers that long, and buffers for them",
            remedy: "CONFIG SET tcp-keepalive 60"
        )
    }

    // MARK: State

    private var eviction: ServerFinding {
        guard let limit = self.facts.maxMemory, let policy = self.facts.evictionPolicy else {
            return self.unknown(.eviction, "memory limit and eviction policy")
        }
        guard limit > 0, policy != "noeviction" else {
            let found = limit > 0 ? "\(Self.size(limit)) of memory" : "no memory limit"
            return ServerFinding(.eviction, .ok, "\(found), \(policy)")
        }
        return ServerFinding(
            .eviction,
            policy.hasPrefix("allkeys") ? .problem : .warning,
            "at \(Self.size(limit)) of memory the server drops keys (\(policy)): alerts would be forgotten and sent "
                + "again, streams lost",
            remedy: "CONFIG SET maxmemory-policy noeviction"
        )
    }

    private var persistence: ServerFinding {
        let remedy = "CONFIG SET appendonly yes, and appendfsync everysec"
        switch (self.facts.appendOnly, self.facts.appendFsync) {
        case (nil, _): return self.unknown(.persistence, "persistence")
        case (true?, "always"?): return ServerFinding(.persistence, .ok, "append-only file, synced with every write")
        case (true?, "everysec"?):
            return ServerFinding(
                .persistence,
                .ok,
                "append-only file, synced every second: a crash costs 1 s of writes"
            )
        case (true?, nil): return self.unknown(.persistence, "how often the append-only file is synced")
        case (true?, let fsync?):
            return ServerFinding(
                .persistence,
                .warning,
                "append-only file, synced when the system pleases (appendfsync \(fsync))",
                remedy: remedy
            )
        case (false?, _):
            return ServerFinding(
                .persistence,
                .warning,
                "no append-only file: state and streams since the last snapshot are gone when the server dies",
                remedy: remedy
            )
        }
    }

    // MARK: Access

    private var permissions: ServerFinding {
        let user = self.facts.user.map { "user \"\($0)\"" } ?? "our user"
        guard let forbidden = self.facts.forbidden else {
            var finding = self.unknown(.permissions, "what \(user) may do")
            // Nothing can be vouched for: whoever asks whether all is well must not read that it is.
            if self.facts.configurationError?.code == .noPermission { finding.severity = .warning }
            return finding
        }
        guard !forbidden.isEmpty else { return ServerFinding(.permissions, .ok, "\(user) may do all that is needed") }
        let essential = forbidden.contains { $0.hasPrefix("SUBSCRIBE") || $0.hasPrefix("PUBLISH") }
        return ServerFinding(
            .permissions,
            essential ? .problem : .warning,
            "\(user) may not: \(forbidden.joined(separator: ", "))",
            remedy: "ACL SETUSER \(self.facts.user ?? "NAME") with the commands, keys and channels named here"
        )
    }

    private var openDefaultUser: ServerFinding? {
        guard self.facts.isOpen == true else { return nil }
        return ServerFinding(
            .openDefaultUser,
            self.facts.isLocal ? .note : .warning,
            "whoever reaches the server may publish events and read state: user \"default\" needs no password",
            remedy: "give producers and the reactor users of their own (ACL SETUSER) and switch \"default\" off"
        )
    }

    // MARK: Time

    private var clock: ServerFinding {
        guard let clock = self.facts.clock else { return self.unknown(.clock, "the server's clock") }
        let distance = clock.offset < .zero ? .zero - clock.offset : clock.offset
        let found =
            "the server's clock is \(Self.milliseconds(distance)) ms \(clock.offset < .zero ? "behind" : "ahead of") "
            + "ours (± \(Self.milliseconds(clock.uncertainty)) ms)"
        let remedy = "keep both hosts synchronised (chrony, systemd-timesyncd)"
        // Closer than it can be measured is no finding.
        let certain = distance - clock.uncertainty
        if certain > .seconds(5) { return ServerFinding(.clock, .problem, found, remedy: remedy) }
        if certain > .milliseconds(500) { return ServerFinding(.clock, .warning, found, remedy: remedy) }
        return ServerFinding(.clock, .ok, found)
    }

    // MARK: Words

    private func unknown(_ code: ServerFinding.Code, _ what: String) -> ServerFinding {
        guard let error = self.facts.configurationError else {
            return ServerFinding(code, .note, "\(what) is unknown: the server does not tell")
        }
        return ServerFinding(
            code,
            .note,
            "\(what) is unknown: the server does not tell us (\(error.code.rawValue))",
            remedy: "allow the reactor's user CONFIG GET, INFO and ACL WHOAMI, or check by hand"
        )
    }

    private static func size(_ bytes: Int64) -> String {
        switch bytes {
        case 0: "without limit"
        case _ where bytes % 1_048_576 == 0: "\(bytes / 1_048_576) MiB"
        default: "\(bytes) bytes"
        }
    }

    private static func milliseconds(_ duration: Duration) -> Int64 {
        duration.components.seconds * 1_000 + duration.components.attoseconds / 1_000_000_000_000_000
    }
}
