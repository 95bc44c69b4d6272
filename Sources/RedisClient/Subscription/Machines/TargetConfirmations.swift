/// Counts the server's confirmations of one link's `SUBSCRIBE` and `PSUBSCRIBE`, or of their opposites, until none is
/// missing. Repeated and unknown names are ignored.
struct TargetConfirmations {
    private var channels: Set<[UInt8]>
    private var patterns: Set<[UInt8]>

    init(targets: [SubscriptionTarget]) {
        self.channels = []
        self.patterns = []
        for target in targets {
            switch target {
            case .channel(let name): self.channels.insert(Array(name.utf8))
            case .pattern(let glob): self.patterns.insert(Array(glob.utf8))
            }
        }
    }

    var isComplete: Bool { self.channels.isEmpty && self.patterns.isEmpty }

    /// The server confirmed a name.
    ///
    /// - Returns: true when it was the last one that was missing.
    mutating func confirm(_ name: some Collection<UInt8>, isPattern: Bool) -> Bool {
        let name = Array(name)
        let removed = isPattern ? self.patterns.remove(name) : self.channels.remove(name)
        return removed != nil && self.isComplete
    }
}
