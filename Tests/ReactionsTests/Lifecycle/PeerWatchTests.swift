import Events
import Reactions
import Testing

@Suite struct PeerWatchTests {
    /// Several reactors on one channel: each hears the others' beats and what the others tell.
    private struct Cluster {
        var watches: [String: PeerWatch]
        var alive: Set<String>
        var told: [String] = []
        var returned: [String] = []
        private(set) var second = 0

        init(_ names: [String]) {
            self.watches = Dictionary(uniqueKeysWithValues: names.map { ($0, PeerWatch(instance: $0)) })
            self.alive = Set(names)
        }

        var now: Timestamp { Timestamp(seconds: Double(self.second)) }

        /// Beats every 30 s, looks every 5 s.
        mutating func pass(seconds: Int) {
            for _ in 0..<(seconds / 5) {
                if self.second % 30 == 0 {
                    for name in self.alive.sorted() { self.hear(.beat(instance: name, interval: .seconds(30))) }
                }
                self.second += 5
                for name in self.alive.sorted() { self.look(name) }
            }
        }

        mutating func hear(_ input: PeerWatch.Input) {
            let now = self.now
            for name in self.alive.sorted() {
                for case .returned(let peer) in self.watches[name]?.handle(input, at: now) ?? [] {
                    self.returned.append("\(name) says \(peer)")
                }
            }
        }

        private mutating func look(_ name: String) {
            let now = self.now
            for case .lost(let lost, _) in self.watches[name]?.handle(.tick, at: now) ?? [] {
                self.told.append("\(name) tells \(lost)")
                self.hear(.toldByPeer(lost: lost))
            }
        }
    }

    @Test func `reactors that beat are never lost`() {
        var cluster = Cluster(["a", "b", "c"])
        cluster.pass(seconds: 3600)
        #expect(cluster.told.isEmpty)
        #expect(cluster.watches["a"]?.peers == ["b", "c"])
    }

    @Test func `a lost peer is told by the lowest living one, once`() {
        var cluster = Cluster(["a", "b", "c", "d"])
        cluster.pass(seconds: 300)
        cluster.alive.remove("c")
        cluster.pass(seconds: 600)
        #expect(cluster.told == ["a tells c"])
    }

    @Test func `when the lowest is lost the next one tells`() {
        var cluster = Cluster(["a", "b", "c"])
        cluster.pass(seconds: 300)
        cluster.alive.remove("a")
        cluster.pass(seconds: 600)
        #expect(cluster.told == ["b tells a"])
    }

    @Test func `two losses at once are told once each`() {
        var cluster = Cluster(["a", "b", "c", "d"])
        cluster.pass(seconds: 300)
        cluster.alive.subtract(["a", "c"])
        cluster.pass(seconds: 600)
        #expect(cluster.told.sorted() == ["b tells a", "b tells c"])
    }

    @Test func `a loss that the first one cannot know is told by the next`() {
        var cluster = Cluster(["b", "c"])
        cluster.pass(seconds: 300)
        cluster.alive.remove("c")
        cluster.pass(seconds: 30)
        // A new one with a lower id joins, which never heard of the lost one.
        cluster.watches["a"] = PeerWatch(instance: "a")
        cluster.alive.insert("a")
        cluster.pass(seconds: 600)
        #expect(cluster.told == ["b tells c"])
    }

    @Test func `a peer that goes on purpose is not lost`() {
        var cluster = Cluster(["a", "b"])
        cluster.pass(seconds: 300)
        cluster.alive.remove("b")
        cluster.hear(.stopping(instance: "b"))
        cluster.pass(seconds: 600)
        #expect(cluster.told.isEmpty)
    }

    @Test func `a peer that returns is noticed by the one that told`() {
        var cluster = Cluster(["a", "b", "c"])
        cluster.pass(seconds: 300)
        cluster.alive.remove("c")
        cluster.pass(seconds: 300)
        cluster.alive.insert("c")
        cluster.watches["c"] = PeerWatch(instance: "c")
        cluster.pass(seconds: 300)
        #expect(cluster.told == ["a tells c"])
        #expect(cluster.returned == ["a says c"])
    }

    @Test func `a peer is lost exactly when three beats are missing`() {
        var watch = PeerWatch(instance: "a", interval: .seconds(30))
        let start = Timestamp(seconds: 0)
        _ = watch.handle(.beat(instance: "b", interval: .seconds(10)), at: start)
        #expect(watch.handle(.tick, at: start + .milliseconds(29_999)).isEmpty)
        #expect(watch.handle(.tick, at: start + .seconds(30)) == [.lost(instance: "b", silence: .seconds(30))])
        #expect(watch.handle(.tick, at: start + .seconds(31)).isEmpty)
    }

    @Test func `after being blind or suspended nobody is accused`() {
        var watch = PeerWatch(instance: "a", interval: .seconds(30))
        let start = Timestamp(seconds: 0)
        _ = watch.handle(.beat(instance: "b", interval: nil), at: start)
        _ = watch.handle(.tick, at: start + .seconds(1))
        _ = watch.handle(.wasBlind, at: start + .seconds(89))
        #expect(watch.handle(.tick, at: start + .seconds(90)).isEmpty)
        // Suspended for an hour.
        #expect(watch.handle(.tick, at: start + .seconds(3690)).isEmpty)
        #expect(watch.handle(.tick, at: start + .seconds(3720)).isEmpty)
        #expect(watch.handle(.tick, at: start + .seconds(3750)).isEmpty)
        #expect(watch.handle(.tick, at: start + .seconds(3780)).count == 1)
    }

    @Test func `own beats are not a peer's, and peers are bounded`() {
        var watch = PeerWatch(instance: "a")
        let now = Timestamp(seconds: 0)
        _ = watch.handle(.beat(instance: "a", interval: nil), at: now)
        #expect(watch.peers.isEmpty)
        for number in 0..<1000 { _ = watch.handle(.beat(instance: "p\(number)", interval: nil), at: now) }
        #expect(watch.peers.count == PeerWatch.maxPeers)
        #expect(watch.unwatchedBeats == 1000 - UInt64(PeerWatch.maxPeers))
    }
}
