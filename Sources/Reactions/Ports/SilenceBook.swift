/// Keeps silences, and who changed them. What is answered is kept: it survives the death of everybody but the store.
package protocol SilenceBook: Sendable {
    /// Those that are pending or active, and with `includingExpired` those that ended within the last five days; the
    /// newest first.
    func silences(includingExpired: Bool) async throws -> [Silence]

    /// - Throws: `SilenceError` for a request that makes no sense.
    func add(_ request: SilenceRequest) async throws -> Silence

    /// Ends a silence now; one that is over already stays as it is.
    ///
    /// - Throws: `SilenceError` when there is none of that id.
    func expire(_ id: String, by actor: String) async throws -> Silence

    /// The newest first.
    func auditLog(limit: Int) async throws -> [AuditEntry]
}
