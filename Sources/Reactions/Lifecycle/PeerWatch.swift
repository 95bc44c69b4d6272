package import Events

/// Watches the heartbeats of the other reactors on the channel, and tells when one of them is lost.
///
/// All reactors watch; one of them tells. It is the one with the lowest id among those alive. When no
/// `reactor.peer_lost` of that one is seen within an interval (it may be gone too, or may never have known the lost
/// one), the next one tells, and so on, so that a loss is told once and not forgotten.
package struct PeerWatch: Sendable, Hashable {
    package enum Input: Sendable, Hashable {
        /// A heartbeat of another reactor; the interval it says it beats in, if it says.
        case beat(instance: String, interval: Duration?)
        /// `reactor.stopping` of another reactor: it goes on purpose.
        case stopping(instance: String)
        /// `reactor.peer_lost` of another reactor.
        case toldByPeer(lost: String)
        /// The own subscription was interrupted until now: silence so far says nothing about the others.
        case wasBlind
        case tick
    }

    package enum Action: Sendable, Hashable {
        /// Nothing was heard of it for `silence`; this reactor is the one to tell.
        case lost(instance: String, silence: Duration)
        /// A peer that was lost beats again. Given to the one that told.
        case returned(instance: String)
    }

    /// Beats in a row that may be missing before a peer is lost.
    package static let missingBeats: Int64 = 3
    /// What a peer may say of its interval: a shorter one would make it lost between two looks, a longer one never.
    package static let intervals: ClosedRange<Duration> = Duration.seconds(1)...Duration.seconds(3600)
    /// Peers watched at most; further ones are counted and left alone.
    package static let maxPeers = 256

    private struct Peer: Sendable, Hashable {
        var lastHeard: Int64
        var interval: Int64
        /// Another one has told of its loss since, having noticed a moment earlier.
        var isTold = false
    }

    private struct Loss: Sendable, Hashable {
        var lastHeard: Int64
        var since: Int64
        var isTold = false
        var wasToldByUs = false
    }

    private let instance: String
    private let interval: Int64
    private var clock = SteadyClock()
    private var lastTick: Int64?
    private var living: [String: Peer] = [:]
    private var losses: [String: Loss] = [:]
    /// Beats of reactors that there was no room to watch.
    package private(set) var unwatchedBeats: UInt64 = 0

    /// - Parameters:
    ///   - instance: the own id; what comes from it is not a peer's.
    ///   - interval: the own interval, taken for that of peers that do not say theirs.
    package init(instance: String, interval: Duration = .seconds(30)) {
        self.instance = instance
        self.interval = max(1, interval.wholeMicroseconds)
    }

    /// The ids of the peers that are alive, in order.
    package var peers: [String] { self.living.keys.sorted() }

    package mutating func handle(_ input: Input, at now: Timestamp) -> [Action] {
        let instant = self.clock.instant(now)
        switch input {
        case .beat(let instance, let interval):
            return self.beat(instance, interval, instant)
        case .stopping(let instance):
            self.living[instance] = nil
            self.losses[instance] = nil
            return []
        case .toldByPeer(let lost):
            self.living[lost]?.isTold = true
            self.losses[lost]?.isTold = true
            return []
        case .wasBlind:
            self.forgiveSilence(until: instant)
            return []
        case .tick:
            return self.tick(instant)
        }
    }

    private mutating func beat(_ instance: String, _ interval: Duration?, _ now: Int64) -> [Action] {
        guard instance != self.instance else { return [] }
        guard self.living[instance] != nil || self.living.count < Self.maxPeers else {
            self.unwatchedBeats += 1
            return []
        }
        let stated = interval.map {
            min(max($0, Self.intervals.lowerBound), Self.intervals.upperBound).wholeMicroseconds
        }
        self.living[instance] = Peer(lastHeard: now, interval: stated ?? self.interval)
        let loss = self.losses.removeValue(forKey: instance)
        return loss?.wasToldByUs == true ? [.returned(instance: instance)] : []
    }

    private mutating func forgiveSilence(until now: Int64) {
        for instance in self.living.keys { self.living[instance]?.lastHeard = now }
    }

    private mutating func tick(_ now: Int64) -> [Action] {
        defer { self.lastTick = now }
        // Who did not look for a whole patience was stopped itself, and has heard nothing because of that.
        if let last = self.lastTick, now &- last >= self.interval &* Self.missingBeats {
            self.forgiveSilence(until: now)
            return []
        }
        let silent = self.living.filter { now &- $0.value.lastHeard >= $0.value.interval &* Self.missingBeats }
        // In order, so that the same log has the same effect in every process.
        for (instance, peer) in silent.sorted(by: { $0.key < $1.key }) {
            self.living[instance] = nil
            guard self.losses.count < Self.maxPeers else { continue }
            self.losses[instance] = Loss(lastHeard: peer.lastHeard, since: now, isTold: peer.isTold)
        }
        return self.tell(now)
    }

    private mutating func tell(_ now: Int64) -> [Action] {
        // How many of those alive come before this one.
        let rank = Int64(self.living.keys.count { $0.utf8.lexicographicallyPrecedes(self.instance.utf8) })
        var actions: [Action] = []
        for instance in self.losses.keys.sorted() {
            guard var loss = self.losses[instance] else { continue }
            if !loss.isTold, now &- loss.since >= rank &* self.interval {
                loss.isTold = true
                loss.wasToldByUs = true
                self.losses[instance] = loss
                actions.append(.lost(instance: instance, silence: .microseconds(now &- loss.lastHeard)))
            }
        }
        // A loss is remembered for its return, but not for ever.
        self.losses = self.losses.filter { now &- $0.value.since < Self.rememberedLoss }
        return actions
    }

    /// A day.
    private static let rememberedLoss: Int64 = 86_400_000_000
}
