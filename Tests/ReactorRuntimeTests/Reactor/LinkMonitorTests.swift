import Logging
import RedisClient
import Testing

@testable import ReactorRuntime

@Suite struct LinkMonitorTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test(arguments: [-3600, 0, 3600])
    func `the age of the last probe does not depend on the wall clock`(setBy seconds: Int) {
        let clock = TestClock()
        let link = LinkMonitor(clock: clock.clock, logger: Self.logger, onProbe: { _ in }, onSight: { _ in })
        #expect(link.facts.probeAge(clock.clock) == nil)
        link.handle(.probe(roundTrip: .milliseconds(1)))
        clock.advance(by: .seconds(20))
        clock.setWall(by: .seconds(seconds))
        #expect(link.facts.probeAge(clock.clock) == .seconds(20))
    }
}
