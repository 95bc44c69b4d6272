import Events
import Reactions
import Testing

@Suite struct OverloadEpisodeTests {
    private let start = Timestamp(seconds: 0)

    @Test func `many drops are one episode with its sum`() {
        var overload = OverloadEpisode(quiet: .seconds(10))
        #expect(overload.handle(.dropped(events: 1, bytes: 300), at: self.start) == [.began])
        for second in 1...60 {
            let now = self.start + .seconds(second)
            #expect(overload.handle(.dropped(events: 10, bytes: 3000), at: now).isEmpty)
            #expect(overload.handle(.tick(fill: 1), at: now).isEmpty)
        }
        #expect(overload.handle(.tick(fill: 0), at: self.start + .milliseconds(69_999)).isEmpty)
        #expect(overload.handle(.tick(fill: 0.51), at: self.start + .seconds(71)).isEmpty)
        #expect(
            overload.handle(.tick(fill: 0.5), at: self.start + .seconds(72))
                == [.ended(events: 601, bytes: 180_300, lasted: .seconds(60))]
        )
        #expect(!overload.isOngoing)
        #expect(overload.handle(.tick(fill: 0), at: self.start + .seconds(99)).isEmpty)
        #expect(overload.handle(.dropped(events: 1, bytes: 1), at: self.start + .seconds(100)) == [.began])
    }

    @Test func `without a drop there is no episode`() {
        var overload = OverloadEpisode()
        #expect(overload.handle(.tick(fill: 1), at: self.start).isEmpty)
        #expect(overload.handle(.dropped(events: 0, bytes: 0), at: self.start).isEmpty)
        #expect(!overload.isOngoing)
    }
}
