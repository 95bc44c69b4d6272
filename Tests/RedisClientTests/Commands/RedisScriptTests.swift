import RedisClient
import Testing

@Suite struct `A script` {
    /// The examples of FIPS 180, and lengths around the size of a block.
    @Test(arguments: [
        ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"), ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
        ),
        (String(repeating: "a", count: 64), "0098ba824b5c16427bd7a1122a5a442a25ec644d"),
    ])
    func `is named by the SHA-1 of its source`(source: String, digest: String) {
        #expect(RedisScript(source).digest == digest)
    }

    @Test func `takes values as keys and arguments only`() {
        let script = RedisScript("return 1")
        let command = script.callBySource(keys: [Array("k".utf8)], arguments: [Array("a".utf8)])
        #expect(command.encoded == RedisCommand("EVAL", "return 1", "1", "k", "a").encoded)
        #expect(
            script.callByDigest(keys: [], arguments: []).encoded
                == RedisCommand("EVALSHA", script.digest, "0").encoded
        )
    }
}
