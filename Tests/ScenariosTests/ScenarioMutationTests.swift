import ReactorConfig
import Scenarios
import SeededRandom
import SyntheticEvents
import Testing

/// Whatever stands in a scenario, it is told what is wrong with it, or it runs to its end.
struct ScenarioMutationTests {
    private static let text = """
        scenario: everything
        handlers: [failures, { handler: audit, uses: audit-contract, with: { run_timeout: 10s } }]
        config:
          alerts:
            receivers: [{ name: ops, webhook: { url: "https://ops.example/hook" } }]
            routes: [{ match: { severity: HIGH }, to: [ops], group_by: [domain], group_wait: 5s, mute: [nights] }]
            mute_intervals: { nights: [{ times: ["22:00-24:00"] }] }
        start: 2026-06-01T12:00:00Z
        seed: 3
        steps:
          - at: 1s
            receiver: { name: ops, answers: [503, { status: 429, retry_after: 5m }, timeout, ok] }
            silence: { name: s, matchers: { tenant_id: acme }, for: 30s, ack: true }
            event: { type: run.failed, payload: { run_id: r1, tenant_id: acme } }
            expect: { verdicts: [{ verdict: silenced, silence: s }], no_alerts: true }
          - advance: 30s
            blind: 1s
            times: 3
            every: 2s
            events: [{ type: run.started, payload: { run_id: "r{{n}}", at: "{{now}}" } }, { type: run.failed }]
            expect: { deliveries: [{ status: [retrying, pending] }], runs: [{ run_id: r2, open: { numeric: [">", 1] } }] }
          - raw: '[1]'
            expect: { quarantined: [{ reason: { anything-but: [not_json] } }], receivers: [{ name: ops }] }
          - at: 10m
            expect: { findings: [{ kind: MISSING, times: 6 }], published: [{ exact_payload: { a: [1, null] } }] }
        """
    private static let pieces = [
        "*", "{", "}", "[", "]", ":", ": ", "- ", ",", "\"", "'", "{{n}}", "${A}", "\n", "\n  ", "---\n", "0", "9", "s",
        "1h", "r1", "-1", "~", "1e9", "é", "😀",
    ]

    private static func mutated(_ generator: inout SplitMix64) -> String {
        var bytes = Array(Self.text.utf8)
        // Half of them with other numbers only, which mostly can be run.
        if Bool.random(using: &generator) {
            let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
            for place in bytes.indices
            where digits.contains(bytes[place]) && Int.random(in: 0..<9, using: &generator) == 0 {
                bytes[place] = UInt8.random(in: digits, using: &generator)
            }
            return String(decoding: bytes, as: UTF8.self)
        }
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: bytes.remove(at: place)
            case 1: bytes.swapAt(place, Int.random(in: 0..<bytes.count, using: &generator))
            case 2:
                let end = min(bytes.count, place + Int.random(in: 1...30, using: &generator))
                bytes.insert(
                    contentsOf: Array(bytes[place..<end]),
                    at: Int.random(in: 0..<bytes.count, using: &generator)
                )
            default:
                let piece = Self.pieces[Int.random(in: 0..<Self.pieces.count, using: &generator)]
                bytes.insert(contentsOf: Array(piece.utf8), at: place)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(arguments: [1, 2] as [UInt64])
    func `nothing that is written into a scenario makes the reader or the engine fail`(seed: UInt64) async throws {
        var generator = SplitMix64(seed: seed)
        let box = try ScenarioBox(SampleHandlers.failures, Self.text)
        let original = box.load()
        #expect(original.isUsable)
        var refused = 0
        var ran = 0
        for _ in 0..<200 {
            try box.write("handlers/h_test.yaml", Self.mutated(&generator))
            let set = box.load()
            guard set.isUsable else {
                let isTold = set.diagnostics.allSatisfy { !$0.message.isEmpty }
                #expect(isTold)
                refused += 1
                continue
            }
            for scenario in set.scenarios where scenario.steps.allSatisfy({ $0.at < .seconds(86_400) }) {
                let result = await ScenarioRunner().run(scenario)
                #expect(result.name == scenario.name)
                ran += 1
            }
        }
        #expect(refused > 20)
        #expect(ran > 20)
    }
}
