import SyntheticEvents

/// Handlers that several tests use.
enum SampleHandlers {
    /// An alert for each failed run.
    static let failedRuns = """
        handler: failed-runs
        on: run.failed
        do: [{ alert: { severity: HIGH, domain: orchestrator, key: "{{payload.run_id}}", summary: "failed" } }]

        """

    /// One handler for each of the eleven cross-domain types, and one for all.
    static let twelve: String = {
        let exact = CrossDomainEvents.all().enumerated().map { index, event in
            "handler: exact-\(index)\non: \(event.eventType)\ndo: [{ log: { level: info, message: seen } }]\n"
        }
        return (exact + ["handler: all\non: \"*\"\ndo: [{ log: { level: info, message: seen } }]\n"])
            .joined(separator: "---\n")
    }()

    /// Publishes the number of each `work.item` to the channel `handled`, under a type that names the handler.
    static func work(_ name: String) -> String {
        """
        handler: \(name)
        on: work.item
        do: [{ publish: { channel: handled, event_type: handled.\(name), payload: { n: "{{payload.n}}" } } }]

        """
    }
}
