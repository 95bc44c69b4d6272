/// The work took longer than it may.
struct TimeLimitExceeded: Error {}

/// Runs `body`, and cancels it when it has not ended within the limit. Throws `TimeLimitExceeded` then.
func withTimeLimit<Value: Sendable>(
    _ limit: Duration,
    _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let value = first else { throw TimeLimitExceeded() }
        return value
    }
}

extension Duration {
    /// `15 s`, `250 ms`.
    var inWords: String {
        let (seconds, attoseconds) = self.components
        return attoseconds == 0 ? "\(seconds) s" : "\(seconds * 1_000 + attoseconds / 1_000_000_000_000_000) ms"
    }
}
