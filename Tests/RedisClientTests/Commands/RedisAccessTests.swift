import ReactorTestKit
import RedisServer
import Testing

@testable import RedisClient

/// A password with everything in it that means something in a URL.
private let oddPassword = "s3cret-@:/?#%&=+"

@Suite(.timeLimit(.minutes(10))) struct `Access to a server` {
    private static let aclDirectives = [
        "user default off", "user joe on >\(oddPassword) ~* &* +@all",
        "user poor on >poor ~* &aos.events +ping +publish",
    ]

    private func encoded(_ password: String) -> String {
        password.utf8.map { byte in "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    /// A URL with credentials for a server that is named by a URL without.
    private func url(_ url: String, _ credentials: String) -> String {
        url.replacing("://", with: "://\(credentials)@", maxReplacements: 1)
    }

    @Test func `is had with a password of any characters, which appears nowhere`() async throws {
        let journal = ClientJournal()
        try await withRedisServer(tcp: .free, directives: Self.aclDirectives) { server in
            let tcp = try #require(server.address.tcpURL)
            for credentials in ["joe:" + oddPassword, "joe:" + self.encoded(oddPassword)] {
                for target in [self.url(tcp, credentials), self.url(server.url, credentials)] {
                    try await withClient(target, journal: journal) { client in
                        let reply = try await client.send(RedisCommand("ACL", "WHOAMI"))
                        #expect(reply.text == "joe")
                        self.dumpInto(journal, client)
                        self.dumpInto(journal, client.endpoint)
                        self.dumpInto(journal, try await ServerReport.examine(client, channels: ["aos.events"]))
                    }
                }
            }
            try await withClient(self.url(tcp, "joe:wrong-" + oddPassword), journal: journal, connected: false) {
                client in
                await eventually { journal.losses.contains { $0.code == .wrongPassword } }
                let error = await #expect(throws: RedisError.self) { try await client.send(RedisCommand("PING")) }
                #expect(error?.code == .wrongPassword)
                journal.note("\(String(describing: error))")
            }
            try await withClient(tcp, journal: journal, connected: false) { client in
                await eventually { journal.losses.contains { $0.code == .noAuth } }
                let error = await #expect(throws: RedisError.self) { try await client.send(RedisCommand("PING")) }
                #expect(error?.code == .noAuth)
            }
        }
        #expect(journal.text.contains("joe"))
        for needle in ["s3cret", self.encoded("s3cret")] { #expect(!journal.text.contains(needle)) }
    }

    @Test func `is not shown by a server that does not know AUTH`() async throws {
        let journal = ClientJournal()
        try await withRedisServer(tcp: .free, directives: ["rename-command AUTH \"\""]) { server in
            let url = self.url(try #require(server.address.tcpURL), "joe:" + oddPassword)
            try await withClient(url, journal: journal, connected: false) { client in
                await eventually { !journal.losses.isEmpty }
                let error = await #expect(throws: RedisError.self) {
                    try await client.send(RedisCommand("PING"), deadline: .milliseconds(20))
                }
                journal.note("\(String(describing: error))")
                #expect(error?.code == .server)
            }
        }
        #expect(!journal.text.contains("s3cret"))
    }

    @Test func `with few rights is enough to publish, and the doctor says what is missing`() async throws {
        try await withRedisServer(directives: Self.aclDirectives) { server in
            try await withClient(self.url(server.url, "poor:poor")) { client in
                let receivers = try await client.send(RedisCommand("PUBLISH", "aos.events", "{}"))
                #expect(receivers.integer == 0)
                let error = await #expect(throws: RedisError.self) { try await client.send(RedisCommand("GET", "k")) }
                #expect(error?.code == .noPermission)
                let report = try await ServerReport.examine(client, channels: ["aos.events"])
                #expect(report.facts.configurationError?.code == .noPermission)
                #expect(report.durability.verdict == .unknown)
                #expect(report.findings.count == 8)
                #expect(report.findings.allSatisfy { $0.message.contains("unknown") })
                #expect(report.worst == .warning)
            }
        }
    }

    @Test func `is examined by the doctor`() async throws {
        try await withRedisServer(
            tcp: .free,
            appendOnly: true,
            directives: [
                "client-output-buffer-limit pubsub 512mb 256mb 60", "tcp-keepalive 30",
                "user sub on >sub ~* &other +@all", "maxmemory 1gb", "maxmemory-policy allkeys-lru",
            ]
        ) { server in
            try await withClient(server.url) { client in
                let report = try await ServerReport.examine(client, channels: ["aos.events"])
                let severities = Dictionary(uniqueKeysWithValues: report.findings.map { ($0.code, $0.severity) })
                #expect(severities[.outputBuffer] == .ok && severities[.persistence] == .ok)
                #expect(severities[.keepalive] == .ok && severities[.role] == .ok && severities[.clock] == .ok)
                #expect(severities[.permissions] == .ok && severities[.openDefaultUser] == .note)
                #expect(severities[.eviction] == .problem)
                #expect(report.durability.verdict == .volatile && report.worst == .problem)
                #expect(report.facts.user == "default")
            }
            // As a user who may do everything but hear our channel.
            try await withClient(self.url(try #require(server.address.tcpURL), "sub:sub")) { client in
                let report = try await ServerReport.examine(client, channels: ["aos.events"])
                let permissions = try #require(report.findings.first { $0.code == .permissions })
                #expect(permissions.severity == .problem)
                #expect(permissions.message.contains("user \"sub\" may not: SUBSCRIBE aos.events, PUBLISH aos.events"))
            }
            // Far off: the clock that is given is an hour behind the server's.
            try await withClient(server.url) { client in
                let report = try await ServerReport.examine(client) { ServerExamination.systemClock() - 3_600_000_000 }
                #expect(report.findings.first { $0.code == .clock }?.severity == .problem)
            }
        }
    }

    @Test func `tells how far a subscriber is behind and how much was published`() async throws {
        try await withRedisServer { server in
            try await withClient(server.url) { client in
                let info = RedisCommand("INFO", "all")
                let before = try await ServerSample(info: client.send(info).bytes ?? [])
                #expect(before?.publishCalls == 0)
                for _ in 0..<3 { _ = try await client.send(RedisCommand("PUBLISH", "a", "b")) }
                let after = try await ServerSample(info: client.send(info).bytes ?? [])
                #expect(after?.publishCalls == 3)
                #expect(after?.runID == before?.runID)
                _ = try await client.send(RedisCommand("CONFIG", "RESETSTAT"))
                let reset = try await ServerSample(info: client.send(info).bytes ?? [])
                if let before, let after, let reset {
                    #expect(!after.beganAnew(since: before))
                    #expect(reset.beganAnew(since: after))
                }
                let nobody = try await client.subscriberBacklog(id: nil, name: "nobody")
                #expect(nobody == nil)
            }
        }
    }

    private func dumpInto(_ journal: ClientJournal, _ value: Any) {
        var text = "\(value) \(String(reflecting: value))"
        dump(value, to: &text)
        journal.note(text)
    }
}

@Suite(.timeLimit(.minutes(10))) struct `TLS to a server` {
    private func withTLSServer(
        names: [String] = ["DNS:localhost", "IP:127.0.0.1"],
        days: Int = 2,
        _ body: (_ port: UInt16, _ caFile: String, _ plainURL: String) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let authority = try await CertificateAuthority(in: folder)
            let certificate = try await authority.issue(names: names, days: days)
            let tls = RedisServerSettings.TLS(
                certificateFile: certificate.certificateFile,
                keyFile: certificate.keyFile,
                authorityFile: authority.certificateFile
            )
            try await withRedisServer(tcp: .free, tls: tls) { server in
                try await body(
                    try #require(server.address.tlsPort),
                    authority.certificateFile,
                    try #require(server.address.tcpURL)
                )
            }
        }
    }

    /// Why a client does not get a connection.
    private func refusal(_ url: String, caFile: String?) async throws -> RedisError? {
        let journal = ClientJournal()
        return try await withClient(url, caFile: caFile, journal: journal, connected: false) { client in
            await eventually { !journal.losses.isEmpty }
            #expect(journal.connections == 0)
            return journal.losses.first
        }
    }

    @Test func `verifies the certificate against an own CA file, by host name and by address`() async throws {
        try await self.withTLSServer { port, caFile, _ in
            for host in ["localhost", "127.0.0.1"] {
                try await withClient("rediss://\(host):\(port)", caFile: caFile) { client in
                    let reply = try await client.send(RedisCommand("ECHO", String(repeating: "x", count: 100_000)))
                    #expect(reply.bytes?.count == 100_000)
                }
            }
        }
    }

    @Test func `refuses a certificate of an authority that is not trusted`() async throws {
        try await self.withTLSServer { port, _, _ in
            let refusal = try await self.refusal("rediss://localhost:\(port)", caFile: nil)
            #expect(refusal?.code == .tlsFailed)
            // Of the library's text only what tells what to do, and no line of its source.
            #expect(refusal?.message.contains("is signed by nobody whom we trust") == true)
            #expect(refusal?.message.contains("BoringSSL") == false)
        }
    }

    @Test func `refuses a certificate for another host and one that has expired`() async throws {
        try await self.withTLSServer(names: ["DNS:redis.example.com"]) { port, caFile, _ in
            for host in ["localhost", "127.0.0.1"] {
                let refusal = try await self.refusal("rediss://\(host):\(port)", caFile: caFile)
                #expect(refusal?.code == .tlsFailed)
                #expect(refusal?.message.contains("for other names") == true)
            }
        }
        try await self.withTLSServer(days: -1) { port, caFile, _ in
            let refusal = try await self.refusal("rediss://localhost:\(port)", caFile: caFile)
            #expect(refusal?.code == .tlsFailed && refusal?.message.contains("has expired") == true)
        }
    }

    @Test func `names a CA file that cannot be read, and a port that does not speak TLS`() async throws {
        try await self.withTLSServer { port, caFile, plainURL in
            let missing = try await self.refusal("rediss://localhost:\(port)", caFile: "/nowhere/ca.pem")
            #expect(missing?.code == .tlsFailed && missing?.message.contains("/nowhere/ca.pem") == true)
            let plain = plainURL.replacing("redis://", with: "rediss://")
            let refusal = try await self.refusal(plain, caFile: caFile)
            #expect(refusal?.code == .tlsFailed)
            let toTLS = try await self.refusal("redis://localhost:\(port)", caFile: nil)
            #expect(toTLS?.code == .connectionClosed || toTLS?.code == .protocolViolation)
        }
    }
}
