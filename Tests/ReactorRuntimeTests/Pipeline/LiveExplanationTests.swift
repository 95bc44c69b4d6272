import EventPatterns
import Events
import Reactions
import ReactorRuntime
import SeededRandom
import SyntheticEvents
import Testing

/// What `explain` says without a running reactor is what the running pipeline does.
@Suite struct LiveExplanationTests {
    private static let types = [
        "run.failed", "run.started", "cost.recorded", "reactor.heartbeat", "reactor.odd", "a.b",
    ]
    private static let typePatterns = types + ["run.*", "reactor.*", "a.*", "*"]
    private static let patterns = [
        #"{"payload":{"n":[{"numeric":[">",1]}]}}"#, #"{"payload":{"n":[1,"1"]}}"#, #"{"source":["s"]}"#,
        #"{"payload":{"s":[{"prefix":"a"}]}}"#, #"{"payload":{"s":[{"wildcard":"*b*"}]}}"#,
        #"{"payload":{"s":[{"anything-but":["a","ab"]}]}}"#, #"{"payload":{"l":{"x":[1],"y":[2]}}}"#,
        #"{"payload":{"l":{"x":[1],"y":[{"exists":false}]}}}"#, #"{"event_type":[{"suffix":"ed"}]}"#,
        #"{"$or":[{"payload":{"n":[2]}},{"payload":{"ip":[{"cidr":"10.0.0.0/8"}]}}]}"#,
        #"{"payload":{"s":[{"equals-ignore-case":"AB"}]}}"#, #"{"tenant_id":["t"]}"#,
        #"{"timestamp":[{"exists":true}]}"#,
        #"{"payload":{"ip":["10.0.0.1"]}}"#, #"{"event_id":["e1"]}"#,
    ]

    private static func pattern(_ random: inout SplitMix64) throws -> EventPattern? {
        guard Int.random(in: 0..<5, using: &random) > 0 else { return nil }
        let match = Array((self.patterns.randomElement(using: &random) ?? "").utf8)
        guard Int.random(in: 0..<4, using: &random) == 0 else { return try EventPattern.parse(json: match) }
        return try EventPattern.parse(json: match, not: Array((self.patterns.randomElement(using: &random) ?? "").utf8))
    }

    private static func value(_ random: inout SplitMix64) -> String {
        [
            "0", "1", "2", "1.0", "1e400", "\"a\"", "\"ab\"", "\"AB\"", "\"cbc\"", "null", "true", "\"10.0.0.01\"",
            "[1,2]", "{}",
        ]
        .randomElement(using: &random) ?? "0"
    }

    private static func payload(_ random: inout SplitMix64) -> String {
        var members = ["n", "s", "ip"].filter { _ in Bool.random(using: &random) }
            .map { "\"\($0)\":\(self.value(&random))" }
        if Bool.random(using: &random) {
            let elements = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                "{\(["x", "y"].filter { _ in Bool.random(using: &random) }.map { "\"\($0)\":\(Int.random(in: 1...2, using: &random))" }.joined(separator: ","))}"
            }
            members.append("\"l\":[\(elements.joined(separator: ","))]")
        }
        return "{\(members.joined(separator: ","))}"
    }

    /// Mostly events, of both formats and with their oddities; some that are none.
    private static func frame(_ random: inout SplitMix64) -> String {
        let type = self.types.randomElement(using: &random) ?? ""
        let payload = self.payload(&random)
        switch Int.random(in: 0..<12, using: &random) {
        case 0: return #"{"specversion":"1.0","type":"\#(type)","source":"s","id":"e1","data":\#(payload)}"#
        case 1: return #"{"topic":"\#(type)","payload":\#(payload)}"#
        case 2: return #"{"event_type":"\#(type)","payload":[\#(payload)]}"#
        case 3: return #"{"event_type":"\#(type)","source":"s","source":"t"}"#
        case 4:
            return String(
                #"{"event_type":"\#(type)","payload":\#(payload)}"#.dropLast(Int.random(in: 1...9, using: &random))
            )
        case 5: return #"{"event_type":"\#(type)","source":"s","tenant_id":"t"}"#
        default:
            return
                #"{"event_type": "\#(type)", "timestamp": "2026-11-21T00:40:00Z", "source": "s", "payload": \#(payload)}"#
        }
    }

    @Test(arguments: UInt64(1)...40)
    func `random events reach live exactly the handlers that are named offline, in the same order`(seed: UInt64) throws
    {
        var random = SplitMix64(seed: seed)
        let log = CallLog()
        let entries = try (0..<30).map { number in
            HandlerEntry.noting(
                "h\(number)",
                on: Self.typePatterns.randomElement(using: &random) ?? "*",
                Self.typePatterns.randomElement(using: &random) ?? "*",
                priority: Int.random(in: 0...2, using: &random),
                enabled: Int.random(in: 0..<6, using: &random) > 0,
                match: try Self.pattern(&random),
                into: log
            )
        }
        let explainer = RuleExplainer(
            entries.map { entry in
                RuleExplainer.Rule(
                    name: entry.name,
                    RuleSpecification(on: entry.on, match: entry.match, priority: entry.priority),
                    isEnabled: entry.enabled
                )
            },
            namedOnly: [InternalEvent.heartbeatType.string]
        )
        let box = PipelineBox(entries)
        var (called, refused) = (0, 0)
        for _ in 0..<250 {
            let frame = Array(Self.frame(&random).utf8)
            log.removeAll()
            let quarantined = box.pipeline.quarantine.total
            box.receive([frame])
            frame.withUnsafeBytes { bytes in
                do throws(EventRefusal) {
                    let explanation = try explainer.explain(ByteView(bytes))
                    let names = explanation.called.map { "\(entries[$0].name) \(explanation.eventType)" }
                    #expect(log.calls == names, "seed \(seed): \(String(decoding: frame, as: UTF8.self))")
                    #expect(!explanation.decisions.contains { $0.outcome == .disagreement })
                    let orders = explanation.decisions.compactMap { decision in
                        if case .called(let order, _) = decision.outcome { order } else { nil }
                    }
                    #expect(orders.sorted() == Array(1..<explanation.called.count + 1))
                    called += names.count
                } catch {
                    #expect(log.calls.isEmpty)
                    #expect(box.pipeline.quarantine.total == quarantined + 1)
                    #expect(box.pipeline.quarantine.newest(1).first?.reason == error.reason.rawValue)
                    refused += 1
                }
            }
        }
        #expect(called > 100 && refused > 10)
    }
}
