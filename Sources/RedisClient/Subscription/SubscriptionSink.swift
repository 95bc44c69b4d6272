/// Where a subscription delivers. Every call is made on the subscription's event loop, never from within another one.
package protocol SubscriptionSink: AnyObject {
    /// Takes the complete messages of one read, or of a part of it. What the sink does not take with `next()` before
    /// it returns is gone, and so are the views that `next()` gave it.
    func receive(_ batch: inout MessageBatch)

    /// Takes a report.
    func handle(_ event: SubscriptionEvent)

    /// Whether it still deals with messages of earlier reads, on the same event loop.
    var isBehind: Bool { get }
}

extension SubscriptionSink {
    package var isBehind: Bool { false }
}
