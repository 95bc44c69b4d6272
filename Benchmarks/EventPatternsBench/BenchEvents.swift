/// Envelopes as Python publishers write them, in three sizes.
enum BenchEvents {
    static let types = [
        "run.started", "run.completed", "run.failed", "run.step.completed", "cost.recorded", "incident.created",
        "policy.evaluated", "audit.expectation.timeout", "budget.crossed", "tool.called",
    ]
    /// How many events are gone through in turn, so that neither caches nor branch predictors learn one by heart.
    static let count = 512

    /// Six digits, so that all keys are equally long.
    static func key(_ index: Int) -> String {
        let digits = String(index)
        return "key-" + String(repeating: "0", count: 6 - digits.count) + digits
    }

    /// - Parameters:
    ///   - rules: Keys are spread over so many.
    ///   - size: Bytes of an event, about.
    static func make(rules: Int, size: Int) -> [[UInt8]] {
        (0..<Self.count).map { index in
            let number = index * 7_919 % max(rules, 1)
            return Array(Self.event(index, number, size).utf8)
        }
    }

    private static func event(_ index: Int, _ number: Int, _ size: Int) -> String {
        let key = Self.key(number)
        var text = """
            {"event_type": "\(Self.types[index % Self.types.count])", \
            "timestamp": "2026-11-21T00:40:00.\(100_000 + index)+00:00", \
            "source": "\(index % 3 == 0 ? "gateway" : "orchestrator")", "payload": {"run_id": "run-\(index)", \
            "tenant_id": "tenant-\(index % 100)", "key": "\(key)", "name": "\(key)-mid-end", \
            "file": "trace-\(key).log", "amount": \(number).5, "status": "ok", \
            "address": "10.\(number / 256).\(number % 256).7", "cost_usd": \(index % 60).25, "attempt": \(index % 6)
            """
        var filler = 0
        while text.utf8.count < size - 60 {
            text += ", \"detail_\(filler)\": {\"step\": \(filler), \"note\": \"nothing that a rule asks for\"}"
            filler += 1
        }
        return text + "}}"
    }
}
