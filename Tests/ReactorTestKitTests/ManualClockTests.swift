import ReactorTestKit
import Testing

@Suite(.timeLimit(.minutes(10)))
struct ManualClockTests {
    @Test func `a sleeper wakes when its time has come and not before`() async throws {
        let clock = ManualClock()
        async let slept: Void = clock.sleep(for: .seconds(10))
        let deadline = await clock.sleeper()
        #expect(deadline.offset == .seconds(10))
        clock.advance(by: .seconds(9))
        #expect(clock.sleeperCount == 1)
        clock.advance(by: .seconds(1))
        try await slept
        #expect(clock.now.offset == .seconds(10))
    }

    @Test func `a sleep into the past returns at once`() async throws {
        let clock = ManualClock()
        clock.advance(by: .seconds(5))
        try await clock.sleep(until: .init(.seconds(5)))
    }

    @Test func `a cancelled sleeper wakes with an error and is forgotten`() async {
        let clock = ManualClock()
        let outcome = await withTaskGroup(of: Bool.self) { group in
            group.addTask { (try? await clock.sleep(for: .seconds(1))) == nil }
            _ = await clock.sleeper()
            group.cancelAll()
            return await group.next()
        }
        #expect(outcome == true)
        #expect(clock.sleeperCount == 0)
    }

    @Test func `several sleepers are reported one by one`() async throws {
        let clock = ManualClock()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seconds in 1...3 { group.addTask { try await clock.sleep(for: .seconds(seconds)) } }
            var deadlines: Set<Duration> = []
            for _ in 1...3 { deadlines.insert(await clock.sleeper().offset) }
            #expect(deadlines == [.seconds(1), .seconds(2), .seconds(3)])
            clock.advance(by: .seconds(3))
            try await group.waitForAll()
        }
    }
}
