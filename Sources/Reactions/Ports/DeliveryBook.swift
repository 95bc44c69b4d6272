/// What became of messages, and what to do with those that were given up.
package protocol DeliveryBook: Sendable {
    /// The newest first. Those that are delivered are kept for a bounded time.
    func deliveries(_ query: DeliveryQuery) async throws -> [DeliveryRecord]

    /// The whole message of a delivery, as webhooks get it; nil for one that is unknown or forgotten.
    func payload(of deliveryID: String) async throws -> [UInt8]?

    /// Puts a dead letter back: it is sent again under the same id, with all its attempts before it.
    ///
    /// - Returns: Whether there is one of that id.
    func retry(deadLetter deliveryID: String, by actor: String) async throws -> Bool

    /// Forgets a dead letter for good.
    ///
    /// - Returns: Whether there was one of that id.
    func drop(deadLetter deliveryID: String, by actor: String) async throws -> Bool
}
