import Events
import SeededRandom
import SyntheticEvents

/// Runs that begin, are acknowledged, pause, end or do not, in whatever order; some events are heard twice.
struct RandomRuns {
    let events: [Step]

    init(seed: UInt64, first: Int, count: Int) {
        var generator = SplitMix64(seed: seed)
        var steps: [Step] = []
        let kinds = [
            "incident.created", "policy.evaluated", "trace.started", "trace.completed", "run.completed", "run.failed",
            "run.paused", "run.resumed", "run.progress", "audit.ack", "audit.expectation.declared",
        ]
        for number in first..<(first + count) {
            let run = JSONValue.string("run-\(number)")
            var time = Int.random(in: 0..<5_000, using: &generator)
            if Int.random(in: 0..<10, using: &generator) > 0 {
                steps.append(Step(time: time, type: "run.started", payload: ["run_id": run, "tenant_id": "t"]))
            }
            for _ in 0..<Int.random(in: 0..<12, using: &generator) {
                time += Int.random(in: 0..<4_000, using: &generator)
                let kind = kinds[Int.random(in: 0..<kinds.count, using: &generator)]
                let payload = Self.payload(of: kind, run, &generator)
                let step = Step(time: time, type: kind, payload: payload)
                steps.append(step)
                if Int.random(in: 0..<6, using: &generator) == 0 { steps.append(step) }
            }
        }
        let sorted = steps.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
        self.events = sorted.map(\.element) + [Step(time: 200_000, type: nil, payload: .null)]
    }

    private static func payload(of kind: String, _ run: JSONValue, _ generator: inout SplitMix64) -> JSONValue {
        let id = JSONValue.number(Int.random(in: 1...2, using: &generator))
        switch kind {
        case "incident.created": return ["run_id": run, "incident_id": id]
        case "policy.evaluated": return ["run_id": run, "policy_id": id]
        case "trace.started", "trace.completed": return ["run_id": run, "trace_id": id]
        case "audit.ack":
            let status = ["SUCCESS", "FAILED", "ROLLED_BACK"][Int.random(in: 0..<3, using: &generator)]
            return [
                "run_id": run, "domain": "own", "action": "thing", "status": .string(status), "result_id": id,
            ]
        case "audit.expectation.declared":
            let deadline = Int.random(in: -1..<6, using: &generator) * 1000
            return ["run_id": run, "domain": "own", "action": "thing", "deadline_ms": .number(deadline), "id": id]
        default: return ["run_id": run]
        }
    }
}
