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

    @Test func `takes arguments that are written already as it takes them one by one`() {
        let script = RedisScript("return 1")
        let texts = ["", "a", "é\r\n$3", String(repeating: "x", count: 12_345)]
        let keys = ["k", "{tag}:é"].map { Array($0.utf8) }
        var further = ScriptArguments()
        further.add(Array(texts[2].utf8))
        further.add(texts[3])
        var written = ScriptArguments(keys: keys, capacity: 3)
        written.add(texts[0])
        written.add(texts[1])
        written.add(further)
        let bytes = texts.map { Array($0.utf8) }
        #expect(
            script.callByDigest(written).encoded == script.callByDigest(keys: keys, arguments: bytes).encoded
        )
        #expect(
            script.callBySource(written).encoded == script.callBySource(keys: keys, arguments: bytes).encoded
        )
        #expect(script.callByDigest(ScriptArguments()).encoded == script.callByDigest(keys: [], arguments: []).encoded)
        #expect(script.callByDigest(written).name == "EVALSHA")
    }
}
