import Synchronization

/// A part that is known later than the one that needs it: set once, before anybody asks in earnest.
final class Late<Value: Sendable>: Sendable {
    private let storage = Mutex<Value?>(nil)

    init() {}

    var value: Value? { self.storage.withLock { $0 } }

    /// Lets go of it: the parts of a life that is over know each other no longer.
    func clear() { self.storage.withLock { $0 = nil } }

    func set(_ value: Value) { self.storage.withLock { $0 = value } }
}
