import RedisClient
import Testing

@Suite struct `A command` {
    @Test func `is formatted as the protocol wants it, binary arguments and empty ones included`() {
        let command = RedisCommand([Array("SET".utf8), [], [0, 13, 10, 255]])
        #expect(command.encoded == Array("*3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\n".utf8) + [0, 13, 10, 255, 13, 10])
        #expect(RedisCommand("", "").encoded == Array("*2\r\n$0\r\n\r\n$0\r\n\r\n".utf8))
    }

    @Test func `shows its name but none of its arguments`() {
        let command = RedisCommand("AUTH", "user", "s3cret")
        var dumped = ""
        dump(command, to: &dumped)
        for text in ["\(command)", String(reflecting: command), dumped] {
            #expect(text.contains("AUTH"))
            #expect(!text.contains("s3cret"))
            #expect(!text.contains("115"), "not as numbers either")
        }
    }
}
