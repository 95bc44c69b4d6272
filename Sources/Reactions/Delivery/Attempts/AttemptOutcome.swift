/// What one attempt to tell a receiver has come to.
package enum AttemptOutcome: Sendable, Hashable {
    case delivered
    /// It may work later. `after`: no sooner, the receiver says; `slowDown`: it has too much to do.
    case retry(reason: String, after: Duration? = nil, slowDown: Bool = false)
    /// The same message will never be taken.
    case dead(reason: String)
    /// The receiver itself is no more (HTTP 410): nothing else should be sent to it either.
    case gone(reason: String)
    /// A batch was refused for some of its parts, and nothing tells which: each has to be sent alone.
    case split(reason: String)

    /// Whether the receiver is alive: it answered, whatever it said. A refused message is no reason to spare it.
    package var showsLife: Bool {
        switch self {
        case .delivered, .dead, .split: true
        case .retry, .gone: false
        }
    }

    package var reason: String? {
        switch self {
        case .delivered: nil
        case .retry(let reason, _, _), .dead(let reason), .gone(let reason), .split(let reason): reason
        }
    }
}
