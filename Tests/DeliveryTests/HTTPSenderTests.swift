import Delivery
import EventPatterns
import Events
import NIOCore
import NIOHTTP1
import NIOSSL
import Reactions
import ReactorTestKit
import Testing

@Suite struct HTTPSenderTests {
    private static let request = DeliveryRequest(
        headers: [.init("content-type", "text/plain")],
        body: Array("hello".utf8)
    )
    private static let anywhere = TargetPolicy(allowPrivate: true)

    private static func post(
        _ url: String,
        resolver: any HostResolver = FakeResolver([]),
        policy: TargetPolicy = Self.anywhere,
        settings: HTTPSender.Settings = Sample.settings()
    ) async throws -> HTTPSender.Attempt {
        try await HTTPSender(resolver: resolver, settings: settings)
            .post(Self.request, to: try TargetURL(url), policy: policy)
    }

    @Test func `a request arrives as it was made, and its answer comes back`() async throws {
        try await SinkServer.with { _, _ in
            .status(429, headers: ["Retry-After": "7"], body: "later")
        } _: { server in
            let attempt = try await Self.post("http://127.0.0.1:\(server.port)/a/b?c=d")
            #expect(attempt == .answered(DeliveryAnswer(status: 429, retryAfter: "7", body: Array("later".utf8))))
            let request = try #require(server.requests.first)
            #expect(request.head.method == .POST)
            #expect(request.head.uri == "/a/b?c=d")
            #expect(request["host"] == "127.0.0.1:\(server.port)")
            #expect(request["content-type"] == "text/plain")
            #expect(request["content-length"] == "5")
            #expect(request.text == "hello")
        }
    }

    @Test func `a name is connected to at the address that was judged, under its own name`() async throws {
        try await SinkServer.with { _, _ in
            .status(200)
        } _: { server in
            let resolver = FakeResolver([["127.0.0.1"]])
            // No system would resolve this name.
            let attempt = try await Self.post("http://hooks.example.invalid:\(server.port)/", resolver: resolver)
            #expect(attempt == .answered(DeliveryAnswer(status: 200)))
            #expect(server.requests.first?["host"] == "hooks.example.invalid:\(server.port)")
            #expect(resolver.questions == 1)
        }
    }

    /// Everything would arrive at the listener if it was connected to: it listens where these names and addresses lead.
    @Test func `nothing of the corpus is connected to`() async throws {
        try await SinkServer.with(host: "0.0.0.0") { _, _ in
            .status(200)
        } _: { server in
            let policy = TargetPolicy(ports: [80, 443, server.port])
            let resolver = FakeResolver([["127.0.0.1"]])
            var tried = 0
            for text in TargetCorpus.all {
                for candidate in [text, text.replacingPort(server.port)] {
                    guard let url = try? TargetURL(candidate) else { continue }
                    tried += 1
                    let attempt = try await HTTPSender(resolver: resolver, settings: Sample.settings())
                        .post(Self.request, to: url, policy: policy)
                    guard case .refused = attempt else {
                        Issue.record("\(candidate.debugDescription): \(attempt)")
                        continue
                    }
                }
            }
            #expect(tried > 200)
            #expect(server.connections == 0)
            #expect(server.requests.isEmpty)
        }
    }

    @Test func `a name that leads inside is refused, whatever else it leads to`() async throws {
        try await SinkServer.with(host: "0.0.0.0") { _, _ in
            .status(200)
        } _: { server in
            let policy = TargetPolicy(ports: [server.port])
            for answer in [
                ["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::1"], ["::ffff:7f00:1"], ["169.254.169.254"], [],
            ] {
                let attempt = try await Self.post(
                    "http://rebind.example.com:\(server.port)/",
                    resolver: FakeResolver([answer]),
                    policy: policy
                )
                guard case .refused(let refusal) = attempt else {
                    Issue.record("\(answer): \(attempt)")
                    continue
                }
                #expect(refusal.code == (answer.isEmpty ? .unresolved : .forbiddenAddress))
            }
            #expect(server.connections == 0)
        }
    }

    @Test func `the address that was judged is the only one that is connected to`() async throws {
        try await SinkServer.with(host: "127.0.0.1") { _, _ in
            .status(200)
        } _: { server in
            // The first answer is judged and has no listener; a second question would lead to the listener.
            let resolver = FakeResolver([["127.0.0.9"], ["127.0.0.1"]])
            let attempt = try await Self.post("http://rebind.example.com:\(server.port)/", resolver: resolver)
            #expect(attempt == .failed(reason: "connection refused"))
            #expect(resolver.questions == 1)
            #expect(server.connections == 0)
        }
    }

    @Test func `the next address is tried when nobody answers at the first`() async throws {
        try await SinkServer.with { _, _ in
            .status(200)
        } _: { server in
            let resolver = FakeResolver([["127.0.0.9", "127.0.0.1"]])
            let attempt = try await Self.post("http://two.example.com:\(server.port)/", resolver: resolver)
            #expect(attempt == .answered(DeliveryAnswer(status: 200)))
        }
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func `redirects are not followed`(status: Int) async throws {
        try await SinkServer.with(host: "0.0.0.0") { _, _ in
            .status(200)
        } _: { other in
            let location = "http://127.0.0.1:\(other.port)/latest/meta-data"
            try await SinkServer.with { _, _ in
                .status(status, headers: ["Location": location])
            } _: { server in
                let attempt = try await Self.post("http://127.0.0.1:\(server.port)/")
                #expect(attempt == .answered(DeliveryAnswer(status: status)))
                #expect(other.connections == 0)
            }
        }
    }

    @Test func `an answer has to come, and end, in time`() async throws {
        for answer in [SinkServer.Answer.silence, .drip] {
            try await SinkServer.with { _, _ in
                answer
            } _: { server in
                let attempt = try await Self.post(
                    "http://127.0.0.1:\(server.port)/",
                    settings: Sample.settings(.seconds(1))
                )
                guard case .failed(let reason) = attempt else {
                    Issue.record("\(attempt)")
                    return
                }
                #expect(["no whole answer within 1 s", "no answer in time"].contains(reason))
            }
        }
    }

    @Test func `of a huge answer only the beginning is read`() async throws {
        try await SinkServer.with { _, _ in
            .flood
        } _: { server in
            guard case .answered(let answer) = try await Self.post("http://127.0.0.1:\(server.port)/") else {
                Issue.record("no answer")
                return
            }
            #expect(answer.status == 200)
            #expect(answer.body.count == 64 * 1024)
        }
    }

    @Test func `a connection that breaks off is told as that`() async throws {
        try await SinkServer.with { _, _ in
            .close
        } _: { server in
            let attempt = try await Self.post("http://127.0.0.1:\(server.port)/")
            #expect(attempt == .failed(reason: "remote connection closed"))
        }
    }

    @Test func `cancelling ends the wait`() async throws {
        try await SinkServer.with { _, _ in
            .silence
        } _: { server in
            await withTaskGroup(of: Bool.self) { group in
                group.addTask {
                    do {
                        _ = try await Self.post(
                            "http://127.0.0.1:\(server.port)/",
                            settings: Sample.settings(.seconds(600))
                        )
                        return false
                    } catch {
                        return error is CancellationError
                    }
                }
                await eventually(within: .seconds(60)) { server.requests.count == 1 }
                group.cancelAll()
                for await wasCancelled in group { #expect(wasCancelled) }
            }
        }
    }

    @Test func `certificates are verified, for the name and not for the address`() async throws {
        try await withTemporaryFolder { folder in
            let authority = try await CertificateAuthority(in: folder)
            let certificate = try await authority.issue(names: ["DNS:hooks.example.com"])
            let tls = try NIOSSLContext(
                configuration: .makeServerConfiguration(
                    certificateChain: try NIOSSLCertificate.fromPEMFile(certificate.certificateFile).map {
                        .certificate($0)
                    },
                    privateKey: .privateKey(try NIOSSLPrivateKey(file: certificate.keyFile, format: .pem))
                )
            )
            try await SinkServer.with(tls: tls) { _, _ in
                .status(200)
            } _: { server in
                var trusting = Sample.settings()
                trusting.trustedAuthorities = authority.certificateFile
                func post(_ host: String, _ settings: HTTPSender.Settings) async throws -> HTTPSender.Attempt {
                    try await Self.post(
                        "https://\(host):\(server.port)/",
                        resolver: FakeResolver([["127.0.0.1"]]),
                        settings: settings
                    )
                }
                #expect(try await post("hooks.example.com", trusting) == .answered(DeliveryAnswer(status: 200)))
                for (host, settings) in [
                    ("other.example.com", trusting), ("127.0.0.1", trusting), ("hooks.example.com", Sample.settings()),
                ] {
                    let attempt = try await post(host, settings)
                    guard case .failed(let reason) = attempt else {
                        Issue.record("\(host): \(attempt)")
                        continue
                    }
                    #expect(reason.hasPrefix("TLS failed: the server's certificate"), "\(reason)")
                }
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test func `the system knows its own names, and says when it knows none`() async throws {
        let addresses = try await SystemResolver().addresses(of: "localhost")
        #expect(!addresses.isEmpty)
        #expect(addresses.allSatisfy { AddressClass($0) == .loopback })
        // Too long for a name, so that nobody outside is asked.
        let tooLong = String(repeating: "a", count: 300)
        await #expect(throws: ResolutionError.self) { try await SystemResolver().addresses(of: tooLong) }
    }
}

extension String {
    /// The URL with the given port behind its host, where that can be told from the outside.
    fileprivate func replacingPort(_ port: Int) -> String {
        guard let scheme = self.range(of: "://") else { return self }
        let rest = self[scheme.upperBound...]
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        return self[..<scheme.upperBound] + rest[..<end] + ":\(port)" + rest[end...]
    }

    private func range(of text: String) -> Range<Index>? {
        var start = self.startIndex
        while start < self.endIndex {
            if self[start...].hasPrefix(text) { return start..<self.index(start, offsetBy: text.count) }
            start = self.index(after: start)
        }
        return nil
    }
}
