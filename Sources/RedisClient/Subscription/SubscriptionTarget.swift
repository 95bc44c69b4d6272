/// What a subscription listens to.
package enum SubscriptionTarget: Sendable, Hashable, CustomStringConvertible {
    /// One channel, by its exact name (`SUBSCRIBE`).
    case channel(String)

    /// Every channel that a Redis glob accepts (`PSUBSCRIBE`).
    case pattern(String)

    package var description: String {
        switch self {
        case .channel(let name): name
        case .pattern(let glob): glob
        }
    }

    /// Whether this is a pattern.
    package var isPattern: Bool {
        switch self {
        case .channel: false
        case .pattern: true
        }
    }
}
