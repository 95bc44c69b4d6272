import EventPatterns
import Reactions
import Testing

@testable import ReactorConfig

struct ValueTextTests {
    @Test func `durations have a unit`() {
        #expect(DurationText.parse("250ms") == .milliseconds(250))
        #expect(DurationText.parse("5s") == .seconds(5))
        #expect(DurationText.parse("2m") == .seconds(120))
        #expect(DurationText.parse("1h") == .seconds(3600))
        #expect(DurationText.parse("0s") == .zero)
        for text in ["", "5", "s", "5 s", "-5s", "+5s", "5S", "1.5s", "PT2S", "5s ", "1h30m", "9223372036854775807h"] {
            #expect(DurationText.parse(text) == nil, "\(text)")
        }
    }

    @Test func `durations are written in the largest unit that fits`() {
        #expect(DurationText.format(.seconds(90)) == "90s")
        #expect(DurationText.format(.seconds(120)) == "2m")
        #expect(DurationText.format(.seconds(3600)) == "1h")
        #expect(DurationText.format(.milliseconds(250)) == "250ms")
        #expect(DurationText.format(.zero) == "0s")
        #expect(DurationText.format(.seconds(604_800)) == "168h")
    }

    @Test func `sizes are powers of 1024`() {
        #expect(SizeText.parse("64KiB") == 65_536)
        #expect(SizeText.parse("1MiB") == 1_048_576)
        #expect(SizeText.parse("2GiB") == 2_147_483_648)
        #expect(SizeText.parse("512") == 512)
        #expect(SizeText.parse("512B") == 512)
        for text in ["", "64KB", "64kib", "-1", "1.5MiB", "64 KiB", "9999999999999999999", "9223372036854775807GiB"] {
            #expect(SizeText.parse(text) == nil, "\(text)")
        }
        #expect(SizeText.format(65_536) == "64KiB")
        #expect(SizeText.format(1000) == "1000B")
        #expect(SizeText.format(0) == "0B")
    }

    @Test func `listen addresses are read and written`() {
        #expect(ListenAddress("127.0.0.1:9464") == .tcp(host: "127.0.0.1", port: 9464))
        #expect(ListenAddress("[::1]:0") == .tcp(host: "::1", port: 0))
        #expect(ListenAddress(":9464") == .tcp(host: "0.0.0.0", port: 9464))
        #expect(ListenAddress("unix:/run/a.sock") == .unix(path: "/run/a.sock"))
        #expect(ListenAddress("off") == .off)
        #expect(ListenAddress("[::1]:0")?.description == "[::1]:0")
        for text in ["", "9464", "localhost", "localhost:", "localhost:65536", "a:+1", "::1:9464", "unix:run", "[]:1"] {
            #expect(ListenAddress(text) == nil, "\(text)")
        }
        #expect(ListenAddress("unix:/" + String(repeating: "a", count: 107)) == nil)
    }

    @Test func `only this machine is local`() {
        let local = ["127.0.0.1:1", "127.9.9.9:1", "localhost:1", "[::1]:1", "unix:/a", "off"]
        let open = [":1", "0.0.0.0:1", "10.0.0.1:1", "[::]:1", "127.example.org:1", "127.0.0.1.example.org:1"]
        for text in local { #expect(ListenAddress(text)?.isLocal == true, "\(text)") }
        for text in open { #expect(ListenAddress(text)?.isLocal == false, "\(text)") }
    }

    @Test func `a secret prints as stars wherever it is printed`() {
        let secret = Secret("hunter2@:/?#%")
        var dumped = ""
        dump(["key": secret], to: &dumped)
        let printed = "\(secret) \(String(reflecting: secret)) \([secret]) \(String(describing: Optional(secret)))"
        #expect(!(printed + dumped).contains("hunter2"))
        #expect("\(secret)" == "***")
        #expect(secret.exposed == "hunter2@:/?#%")
    }

    @Test func `the nearest name is found within a few edits`() {
        #expect(NearestName.findIgnoringCase("mach", among: ["handler", "match", "on"]) == "match")
        #expect(NearestName.findIgnoringCase("hearbteat", among: ["heartbeat", "http"]) == "heartbeat")
        #expect(NearestName.findIgnoringCase("high", among: ["LOW", "HIGH"]) == "HIGH")
        #expect(NearestName.findIgnoringCase("colour", among: ["match", "on"]) == nil)
    }

    @Test func `passwords are masked up to the last at sign, and the caret follows`() {
        #expect(SecretMask.mask("url: redis://u:p@:/?#%w@host:1/0") == "url: redis://***@host:1/0")
        #expect(SecretMask.mask("a://b@c \"d://e@f\"") == "a://***@c \"d://***@f\"")
        #expect(SecretMask.mask("http://host/path") == "http://host/path")
        let masked = SecretMask.mask("redis://user:word@host x", column: 24)
        #expect(masked.text == "redis://***@host x")
        #expect(masked.column == 18)
    }

    @Test(arguments: [
        ("aos.*", "aos.events", true), ("aos.*", "aos", false), ("*", "", true), ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("h[ae]llo", "hello", true), ("h[^e]llo", "hello", false), ("h[a-c]t", "hbt", true), ("h[c-a]t", "hbt", true),
        ("a\\*b", "a*b", true), ("a\\*b", "axb", false), ("*a*b", "xaxxb", true), ("*a*b", "xaxxc", false),
        ("", "", true),
        ("[", "a", false), ("[a", "a", true),
    ])
    func `patterns of channels are Redis' own`(pattern: String, channel: String, accepts: Bool) {
        #expect(ChannelPattern.matches(pattern, channel) == accepts)
    }
}
