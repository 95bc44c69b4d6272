import Delivery
import Events
import Reactions
import Synchronization

/// The receivers that are configured, how many messages each is being sent, and whether it is being spared.
final class ReceiverSet: Sendable {
    private struct Slot {
        var definition: ReceiverDefinition
        var fingerprint: String
        var sink: any AlertSink
        var breaker: CircuitBreaker
        /// Messages that are being sent.
        var inFlight = 0
    }

    /// One message's way out.
    struct Way {
        let sink: any AlertSink
        let policy: RetryPolicy
        let fingerprint: String
    }

    /// How one receiver stands, for metrics.
    struct Standing: Sendable {
        var inFlight: Int
        var breaker: String
    }

    private struct State {
        var slots: [String: Slot] = [:]
        /// Their names, sorted.
        var names: [String] = []
        var settings = AlertSettings()
        var planner: DeliveryPlanner
        var version = 0
    }

    private let state: Mutex<State>
    let instance: String

    init(instance: String) {
        self.instance = instance
        self.state = Mutex(State(planner: DeliveryPlanner(profiles: [:], instance: instance)))
    }

    /// Puts new definitions in force. What is being sent goes on the way that it has begun; a receiver that stays as it is
    /// keeps what is known of it.
    func apply(_ settings: AlertSettings, _ makeSink: (ReceiverDefinition) -> any AlertSink) {
        var profiles: [String: DeliveryPlanner.Profile] = [:]
        for definition in settings.receivers { profiles[definition.name] = DeliveryPlanner.Profile(definition) }
        let planner = DeliveryPlanner(profiles: profiles, instance: self.instance)
        self.state.withLock { state in
            var slots: [String: Slot] = [:]
            for definition in settings.receivers {
                let kept = state.slots[definition.name]
                if let kept, kept.definition == definition {
                    slots[definition.name] = kept
                } else {
                    slots[definition.name] = Slot(
                        definition: definition,
                        fingerprint: definition.fingerprint,
                        sink: makeSink(definition),
                        breaker: CircuitBreaker(),
                        inFlight: kept?.inFlight ?? 0
                    )
                }
            }
            state.slots = slots
            state.names = slots.keys.sorted()
            state.settings = settings
            state.planner = planner
            state.version += 1
        }
    }

    /// Those in force.
    var settings: AlertSettings { self.state.withLock { $0.settings } }

    var planner: DeliveryPlanner { self.state.withLock { $0.planner } }

    /// Nil for one that is not configured here.
    func kind(_ name: String) -> ReceiverKind? { self.state.withLock { $0.slots[name]?.definition.kind } }

    func sink(_ name: String) -> (any AlertSink)? { self.state.withLock { $0.slots[name]?.sink } }

    var names: [String] { self.state.withLock { $0.names } }

    /// Grows with each `apply`.
    var version: Int { self.state.withLock { $0.version } }

    var fingerprints: [String: String] { self.state.withLock { $0.slots.mapValues(\.fingerprint) } }

    var standings: [String: Standing] {
        self.state.withLock { state in
            state.slots.mapValues { Standing(inFlight: $0.inFlight, breaker: $0.breaker.state.name) }
        }
    }

    func routes(of alert: Alert) -> [RouteMatch] {
        let routing = self.settings.routing
        return routing.routes(of: AlertLabels(alert)).filter { !$0.receivers.isEmpty }
    }

    /// What may be claimed now: as much as may be sent at once, one message where a receiver is being tried out, nothing
    /// where it is spared.
    func requests(at now: Timestamp) -> [ClaimRequest] {
        self.state.withLock { state in
            state.names.compactMap { name in
                guard let slot = state.slots[name] else { return nil }
                var limit = max(0, slot.definition.concurrency - slot.inFlight)
                // Only looks: whether something is there to be sent is not known yet.
                var breaker = slot.breaker
                switch breaker.admit(at: now) {
                case .go: break
                case .probe: limit = min(limit, 1)
                case .wait: limit = 0
                }
                return limit > 0 ? ClaimRequest(receiver: name, limit: limit) : nil
            }
        }
    }

    /// Until when nothing is sent to a receiver, because it is being spared; nil when it is not.
    func sparedUntil(_ name: String, at now: Timestamp) -> Timestamp? {
        self.state.withLock { state in
            // Only looks, as above.
            guard var breaker = state.slots[name]?.breaker, case .wait(let until) = breaker.admit(at: now) else {
                return nil
            }
            return until
        }
    }

    /// A message of this receiver is about to be sent; nil when there is no such receiver.
    func begin(_ name: String, at now: Timestamp) -> Way? {
        self.state.withLock { state in
            guard var slot = state.slots[name] else { return nil }
            slot.inFlight += 1
            _ = slot.breaker.admit(at: now)
            state.slots[name] = slot
            let definition = slot.definition
            return Way(
                sink: slot.sink,
                policy: definition.kind.retryPolicy,
                fingerprint: slot.fingerprint
            )
        }
    }

    /// - Parameter outcome: nil when the attempt was broken off.
    func end(_ name: String, _ outcome: AttemptOutcome?, at now: Timestamp) {
        self.state.withLock { state in
            guard state.slots[name] != nil else { return }
            state.slots[name]?.inFlight -= 1
            if let outcome { state.slots[name]?.breaker.report(outcome, at: now) }
        }
    }
}
