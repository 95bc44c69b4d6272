package import Telemetry

/// What happened on the event loop since the reactor started. Plain numbers, because only the loop touches them; a
/// scrape gets a copy taken between two events, in which every sum is exact.
package struct PipelineCounters: Sendable {
    /// Frames that came from the subscription, heartbeats of reactors not counted.
    package var received: UInt64 = 0
    package var receivedBytes: UInt64 = 0
    /// Events that at least one handler accepted.
    package var matched: UInt64 = 0
    package var unmatched: UInt64 = 0
    /// Heartbeats of reactors, our own included. Not among `received` unless a handler names their type.
    package var heartbeats: UInt64 = 0
    /// Events by the number of their type.
    package var receivedByType: [UInt64]
    package var timestampsMissing: UInt64 = 0
    package var timestampsUnreadable: UInt64 = 0
    package var timestampsWithoutOffset: UInt64 = 0
    package var nonFiniteNumbers: UInt64 = 0
    package var loopsCut: UInt64 = 0
    /// Events taken over the ring because handling was behind.
    package var deferred: UInt64 = 0
    /// Handled (handler, type) pairs, by slot of the route table.
    package var succeeded: [UInt64]
    /// Calls that succeeded by not being made, because the handler wants nothing done. `settled` puts them to the others.
    var spared: [UInt64]
    package var failed: [UInt64]
    package var durations: [HistogramCounts]
    /// Wall-clock microseconds of the last event; 0 before the first.
    package var lastEventAt: Int64 = 0

    package init(types: Int, slots: Int) {
        self.receivedByType = Array(repeating: 0, count: types)
        self.succeeded = Array(repeating: 0, count: slots)
        self.spared = Array(repeating: 0, count: slots)
        self.failed = Array(repeating: 0, count: slots)
        self.durations = Array(repeating: HistogramCounts(MetricCatalog.Original.handlerDuration), count: slots)
    }

    /// The same numbers with each call where it belongs: what was spared has succeeded, and took no time.
    package var settled: PipelineCounters {
        var settled = self
        for (slot, calls) in self.spared.enumerated() where calls > 0 {
            settled.succeeded[slot] += calls
            settled.durations[slot].record(nanoseconds: 0, times: calls)
            settled.spared[slot] = 0
        }
        return settled
    }

    /// Goes on with what was counted for an earlier set of handlers. Handlers that stay, by their name, keep their
    /// counters; the events of types that are no longer named go to `other`.
    package mutating func goOn(with old: PipelineCounters, of oldRoutes: RouteTable, in routes: RouteTable) {
        let old = old.settled
        var kept = old
        kept.spared = self.spared
        kept.receivedByType = self.receivedByType
        kept.succeeded = self.succeeded
        kept.failed = self.failed
        kept.durations = self.durations
        let (oldTypes, types) = (oldRoutes.types, routes.types)
        for (index, count) in old.receivedByType.enumerated() {
            let target = index == oldTypes.otherIndex ? types.otherIndex : types.index(ofText: oldTypes.names[index])
            kept.receivedByType[target] += count
        }
        for (slot, target) in routes.slots(continuing: oldRoutes).enumerated() {
            guard let target else { continue }
            kept.succeeded[target] += old.succeeded[slot]
            kept.failed[target] += old.failed[slot]
            kept.durations[target].add(old.durations[slot])
        }
        self = kept
    }
}
