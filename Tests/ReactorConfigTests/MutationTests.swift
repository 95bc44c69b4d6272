import Reactions
import SeededRandom
import Testing

@testable import ReactorConfig

struct MutationTests {
    private static let config = """
        version: 1
        redis: { url: "${REDIS_URL:-embedded}" }
        sources: [ { pubsub: aos.events }, { pubsub_pattern: "aos.*" } ]
        heartbeat: { interval: 30s, miss_threshold: 3 }
        alerts:
          cooldowns: { incidents: 300s, default: 5m }
          tenants:
            acme: { max_per_hour: 20 }
        """
    private static let handlers = """
        handler: cost
        on: [cost.recorded, run.*]
        match: { payload: { cost_usd: [ { numeric: [">", 25] } ], $or: [ { a: 1 }, { b: [ null ] } ] } }
        not: { source: [ { prefix: "te" } ] }
        do:
          - alert: { severity: HIGH, domain: policies, key: "c:{{payload.run_id}}", summary: |
              Run {{payload.run_id}}
              costs
            }
          - publish: { event_type: x.y, payload: { a: [ 1, "{{source}}" ] } }
        ---
        handler: audit
        uses: audit-alerts
        with: { severity: { missing: LOW } }
        """
    private static let pieces = [
        "*", "&a", "*a", "!", "!!str", "{", "}", "[", "]", ":", ": ", "- ", "? ", ",", "\"", "'", "|", ">", "#", "%",
        "@",
        "`", "$", "${", "${A", "{{", "}}", "{{#a}}", "\n", "\n  ", "\t", "---\n", "...", "~", "<<", "0x", "é", "😀",
        "\u{1}", "\u{E000}", "\u{2028}", "\\", "\\x", "\\ud800",
    ]

    private static func mutate(_ text: String, _ generator: inout SplitMix64) -> [UInt8] {
        var bytes = Array(text.utf8)
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: bytes.remove(at: place)
            case 1: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 2:
                let end = min(bytes.count, place + Int.random(in: 1...30, using: &generator))
                let other = Int.random(in: 0..<bytes.count, using: &generator)
                bytes.insert(contentsOf: Array(bytes[place..<end]), at: other)
            case 3: bytes.swapAt(place, Int.random(in: 0..<bytes.count, using: &generator))
            default:
                let piece = Self.pieces[Int.random(in: 0..<Self.pieces.count, using: &generator)]
                bytes.insert(contentsOf: Array(piece.utf8), at: place)
            }
        }
        return bytes
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `nothing that is written into the files makes the loader fail`(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        let folder = try TemporaryFolder()
        for _ in 0..<500 {
            try folder.write("reactor.yaml", Self.mutate(Self.config, &generator))
            try folder.write("handlers/a.yaml", Self.mutate(Self.handlers, &generator))
            let result = folder.load()
            #expect(result.filesRead.count == 2)
            #expect(!DiagnosticRenderer().render(result.diagnostics).contains("not valid YAML\n"))
            for case .source(let location) in result.diagnostics.map(\.place) {
                #expect(location.line >= 1 && location.column >= 1)
            }
            #expect(result.configuration != nil || result.errorCount > 0)
        }
    }
}
