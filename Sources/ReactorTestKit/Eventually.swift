package import Testing

/// Looks at a condition every 5 ms until it holds; records a test failure when it does not within the limit.
///
/// For states that give no signal to await. The limit is generous because it is only reached when the test fails.
/// - Returns: whether the condition came to hold.
@discardableResult
package func eventually(
    within limit: Duration = .seconds(60),
    _ comment: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async rethrows -> Bool {
    let clock = ContinuousClock()
    let deadline = clock.now.advanced(by: limit)
    while !(try await condition()) {
        guard clock.now < deadline, (try? await clock.sleep(for: .milliseconds(5))) != nil else {
            Issue.record(comment ?? "did not come to hold within \(limit)", sourceLocation: sourceLocation)
            return false
        }
    }
    return true
}
