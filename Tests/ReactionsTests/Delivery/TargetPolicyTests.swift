import EventPatterns
import Reactions
import ReactorTestKit
import SeededRandom
import Testing

@Suite struct TargetPolicyTests {
    /// What the guard says of a URL that needs no name to be resolved; nil when there is nothing against it.
    private static func refusal(_ text: String, _ policy: TargetPolicy = TargetPolicy()) -> TargetRefusal.Code? {
        do {
            try policy.check(try TargetURL(text))
            return nil
        } catch {
            return error.code
        }
    }

    @Test func `every URL of the corpus is refused before anything is resolved`() {
        #expect(TargetCorpus.hosts.count >= 200)
        for url in TargetCorpus.all { #expect(Self.refusal(url) != nil, "\(url.debugDescription)") }
    }

    @Test(arguments: [
        ("https://example.com", "https://example.com:443/"),
        ("http://example.com/a?b=c#d", "http://example.com:80/a?b=c"),
        ("HTTPS://Hooks.Example.COM./x", "https://hooks.example.com:443/x"),
        ("https://example.com?x", "https://example.com:443/?x"),
        ("https://8.8.8.8/x", "https://8.8.8.8:443/x"),
        ("https://[2A00:1450:0:0:0:0:0:1]/", "https://[2a00:1450::1]:443/"),
        ("https://[2a00:1450::8.8.8.8]/", "https://[2a00:1450::808:808]:443/"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example:443/"),
        ("https://a_b.example.com/", "https://a_b.example.com:443/"),
        ("https://example.com/\u{E9}[x]", "https://example.com:443/%C3%A9%5Bx%5D"),
        ("https://example.com/a%0d%0aHost:%20x", "https://example.com:443/a%0d%0aHost:%20x"),
        ("https://172.15.255.255/", "https://172.15.255.255:443/"),
        ("https://172.32.0.1/", "https://172.32.0.1:443/"), ("https://100.63.255.255", "https://100.63.255.255:443/"),
        ("https://100.128.0.1", "https://100.128.0.1:443/"), ("https://169.253.1.1", "https://169.253.1.1:443/"),
        ("https://223.255.255.255", "https://223.255.255.255:443/"),
        ("https://example.com:/", "https://example.com:443/"),
        ("https://fe80.example.com/", "https://fe80.example.com:443/"),
        ("https://127.0.0.1.example.com/", "https://127.0.0.1.example.com:443/"),
    ])
    func `ordinary URLs pass, in one form`(text: String, canonical: String) throws {
        let url = try TargetURL(text)
        #expect(url.exposed == canonical)
        #expect(throws: Never.self) { try TargetPolicy().check(url) }
        #expect(try TargetURL(url.exposed) == url)
    }

    @Test(arguments: [
        "https://134744072/", "https://0x8.8.010.8/", "https://8.8.8.8./", "https://8.526344/", "https://08.8.8.8/",
    ])
    func `even an ordinary address has to be written in the one way that all read alike`(text: String) {
        #expect([.oddAddress, .badHost].contains(Self.refusal(text)))
        guard let url = try? TargetURL(text) else { return }
        #expect(url.origin == "https://8.8.8.8:443")
        #expect(Self.refusal(text, TargetPolicy(allowPrivate: true)) == nil)
    }

    @Test(arguments: [
        ("http://127.0.0.1:8080/x", nil), ("http://localhost:8080", nil), ("http://[::1]:9093/", nil),
        ("http://10.0.0.1/", nil),
        ("http://redis:6379/", nil), ("http://[fd00::1]/", nil), ("http://100.64.0.1/", nil),
        ("http://192.168.1.1/", nil),
        ("http://169.254.169.254/", TargetRefusal.Code.forbiddenAddress),
        ("http://[::ffff:169.254.169.254]/", .forbiddenAddress),
        ("http://[fd00:ec2::254]/", .forbiddenAddress), ("http://224.0.0.1/", .forbiddenAddress),
        ("http://0.0.0.0/", .forbiddenAddress),
        ("http://user@127.0.0.1/", .credentials), ("ftp://127.0.0.1/", .badScheme),
    ])
    func `private receivers may be on this machine and in its networks, and nowhere else`(
        text: String,
        code: TargetRefusal.Code?
    ) {
        #expect(Self.refusal(text, TargetPolicy(allowPrivate: true)) == code)
    }

    @Test func `other ports can be listed`() {
        let policy = TargetPolicy(ports: [443, 8443])
        #expect(Self.refusal("https://example.com:8443/", policy) == nil)
        #expect(Self.refusal("http://example.com/", policy) == .badPort)
    }

    @Test func `one forbidden address among the answers refuses them all`() throws {
        let good = try #require(IPAddress("93.184.216.34"))
        let bad = try #require(IPAddress("127.0.0.1"))
        let policy = TargetPolicy()
        #expect(throws: Never.self) { try policy.check([good], of: "example.com") }
        for answer in [[good, bad], [bad, good], [bad]] {
            let error = #expect(throws: TargetRefusal.self) { try policy.check(answer, of: "example.com") }
            #expect(
                error?.message
                    == "\"example.com\" leads to 127.0.0.1, an address for this machine itself; receivers there need allow_private: true"
            )
        }
        #expect(throws: TargetRefusal(.unresolved, "\"example.com\" has no address")) {
            try policy.check([], of: "example.com")
        }
    }

    @Test func `neither path nor query nor credentials are shown`() throws {
        let url = try TargetURL("https://hooks.example.com/services/T0/CANARY?token=CANARY")
        var dumped = ""
        dump(url, to: &dumped)
        for text in ["\(url)", String(reflecting: url), dumped] { #expect(!text.contains("CANARY")) }
        #expect("\(url)" == "https://hooks.example.com:443/***")
        let error = #expect(throws: TargetRefusal.self) { try TargetURL("https://CANARY:CANARY@example.com/CANARY") }
        #expect(error?.message.contains("CANARY") == false)
    }

    @Test func `a path is put behind the receiver's own`() throws {
        let url = try TargetURL("http://127.0.0.1:9093/am/?x=1").appending(path: "/api/v2/alerts")
        #expect(url.exposed == "http://127.0.0.1:9093/am/api/v2/alerts")
        #expect(url.hostHeader == "127.0.0.1:9093")
        #expect(try TargetURL("https://example.com/").hostHeader == "example.com")
        #expect(try TargetURL("http://[::1]/").hostHeader == "[::1]")
    }

    @Test(arguments: [
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("0:0:0:0:0:0:0:0", "::"), ("::1", "::1"), ("1::", "1::"),
        ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("10.1.2.3", "10.1.2.3"),
    ])
    func `addresses have one text, that of RFC 5952`(text: String, canonical: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.canonicalText == canonical)
        #expect(IPAddress(canonical) == address)
    }

    @Test func `random URLs are refused or keep their one form, and their host means what it says`() throws {
        var random = SplitMix64(seed: 5)
        let pieces = [
            "http://", "https://", "127", "0x7f", ".", "0", "1", "[", "]", ":", "::", "@", "/", "#", "?", "a",
            "example.com", "%2e",
            "\\", "ffff", "443", "\u{E9}", "-", "_",
        ]
        var accepted = 0
        for _ in 0..<50_000 {
            let head = ["http://", "https://", ""].randomElement(using: &random)!
            let text =
                head
                + (0..<Int.random(in: 1...6, using: &random)).map { _ in pieces.randomElement(using: &random)! }
                .joined()
            guard let url = try? TargetURL(text) else { continue }
            accepted += 1
            #expect(try TargetURL(url.exposed).exposed == url.exposed, "\(text)")
            #expect(url.exposed.utf8.allSatisfy { (0x21...0x7E).contains($0) })
        }
        #expect(accepted > 500)
    }
}
