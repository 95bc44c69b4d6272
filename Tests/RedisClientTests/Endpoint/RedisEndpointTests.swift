import RedisClient
import Testing

@Suite struct `A Redis URL` {
    @Test(arguments: [
        ("redis://localhost", "redis://localhost:6379/0"),
        ("redis://localhost:7000/3", "redis://localhost:7000/3"),
        ("REDIS://10.0.0.1/", "redis://10.0.0.1:6379/0"),
        ("redis://[::1]:7000", "redis://[::1]:7000/0"),
        ("rediss://cache.example.com:6380?db=2", "rediss://cache.example.com:6380/2"),
        ("redis://:pw@h", "redis://:***@h:6379/0"),
        ("redis://:@h", "redis://h:6379/0"),
        ("redis://joe:pw@h/1", "redis://joe:***@h:6379/1"),
        ("unix:///run/redis.sock", "unix:///run/redis.sock"),
        ("unix:///run/redis.sock?db=4", "unix:///run/redis.sock?db=4"),
        ("unix://joe:p/w@/run/a%20b.sock", "unix://joe:***@/run/a b.sock"),
    ])
    func `is shown with everything but the password`(url: String, shown: String) throws {
        #expect("\(try RedisEndpoint(url: url))" == shown)
    }

    @Test(arguments: [
        ("redis://u:plain@h", "plain"), ("redis://u:p%40ss@h", "p@ss"), ("redis://u:a%3A%2F%3F%23%25@h", "a:/?#%"),
        ("redis://u:p@ss@h", "p@ss"), ("redis://u:a:b@h", "a:b"), ("redis://u:a/b?c#d@h:7000/2", "a/b?c#d"),
        ("redis://u:100%sure@h", "100%sure"), ("redis://u:50%@h", "50%"), ("redis://:12/3@h", "12/3"),
        ("redis://:@:/?#%@h", "@:/?#%"), ("rediss://u:%00%ff@h", "\u{0}\u{FFFD}"), ("redis://u:@h", ""),
    ])
    func `may hold any password, encoded or raw`(url: String, password: String) throws {
        let endpoint = try RedisEndpoint(url: url)
        let sent = try #require(RedisHandshake(endpoint: endpoint, clientName: "x").commands.first)
        #expect(String(decoding: sent.encoded, as: UTF8.self).hasSuffix("\r\n\(password)\r\n"))
        guard case .tcp("h", _) = endpoint.address else {
            Issue.record("the host is \(endpoint.address)")
            return
        }
    }

    @Test(
        arguments: [
            ("", .scheme, "redis://host:port/database"), ("localhost:6379", .scheme, "allowed"),
            ("postgres://u:s3cret@h", .scheme, "\"postgres\""), ("http://h", .scheme, "\"http\""),
            ("redis://", .host, "no host"), ("redis://:6379", .host, "no host"), ("redis://::1", .host, "[ ]"),
            ("redis://[::1", .host, "closing"), ("redis://[h]", .host, "IPv6"),
            ("redis://h:0", .port, "1 to 65535"), ("redis://:pw@h:65536", .port, "\"65536\""),
            ("redis://h:99999999999999999999", .port, "1 to 65535"),
            ("redis://h/one", .database, "\"one\""), ("redis://h/-1", .database, "0, 1, 2"),
            ("redis://h?db=x", .database, "\"x\""), ("redis://h?timeout=5", .option, "\"timeout\""),
            ("redis://h?password=s3cret", .option, "\"password\""), ("redis://h#frag", .option, "fragment"),
            ("redis://@h", .credentials, "no colon"), ("redis://s3cret@h", .credentials, "no colon"),
            ("redis://a%00b:pw@h", .credentials, "control"),
            ("redis://h:6379/0?password=a@b", .ambiguous, "%40"), ("redis://u:12/s3cret@h", .ambiguous, "%2F"),
            ("redis://u:p@h:1/s3cret@h", .ambiguous, "%2F"),
            ("unix://relative.sock", .path, "absolute"), ("unix:///", .path, "no socket"),
            ("unix:///\(String(repeating: "p", count: 107))", .path, "107"),
            ("unix://u:a@/b@/c", .ambiguous, "%40"),
        ] as [(String, RedisURLError.Code, String)]
    )
    func `that cannot be used says what was found and what is allowed`(
        url: String,
        code: RedisURLError.Code,
        part: String
    ) {
        let error = #expect(throws: RedisURLError.self) { try RedisEndpoint(url: url) }
        #expect(error?.code == code, "\(String(describing: error))")
        #expect(error?.message.contains(part) == true, "\(String(describing: error))")
        #expect(error?.message.contains("s3cret") == false)
    }

    @Test func `with a CA file must be rediss`() throws {
        #expect(throws: RedisURLError.self) { try RedisEndpoint(url: "redis://h", caFile: "/ca.pem") }
        #expect(try RedisEndpoint(url: "rediss://h", caFile: "/ca.pem").caFile == "/ca.pem")
    }

    @Test(arguments: [
        "redis://u:s3cret-@:/?#%@h", "redis://u:s3cret@h:port", "redis://u:s3cret@h/db", "redis://:s3cret",
        "redis://u:s3cret",
        "redis://u:x/s3cret@h?y", "redis://u:s3cret@", "redis://u:s3cret@h?x=1", "unix://u:s3cret@/s.sock",
        "unix://u:s3cret",
        "redis://u:a?s3cret@h o/1", "redis://u:a#s3cret@[::1", "rediss://u:s3cret%zz@h:6380/0", "s3cret", "s3cret://h",
    ])
    func `never shows its password, valid or not`(url: String) {
        var texts: [String] = []
        do throws(RedisURLError) {
            let endpoint = try RedisEndpoint(url: url)
            texts = [
                "\(endpoint)", String(reflecting: endpoint), "\(Mirror(reflecting: endpoint).children.map { "\($0)" })",
            ]
            var dumped = ""
            dump(endpoint, to: &dumped)
            dump(RedisHandshake(endpoint: endpoint, clientName: "x"), to: &dumped)
            texts.append(dumped)
        } catch {
            texts = ["\(error)", String(reflecting: error)]
            dump(error, to: &texts[0])
        }
        for text in texts { #expect(!text.contains("s3cret"), "\(text)") }
    }
}
