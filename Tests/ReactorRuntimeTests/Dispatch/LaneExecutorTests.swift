import Dispatch
import Events
import ReactorTestKit
import Synchronization
import SyntheticEvents
import Telemetry
import Testing

@testable import ReactorRuntime

@Suite(.timeLimit(.minutes(10))) struct LaneExecutorTests {
    @Test func `events of one run stay in order, whatever each takes`() async throws {
        let seen = Mutex<[String: [Int]]>([:])
        try await withLanes(queued: 3000) { lanes in
            let lane = lanes.register("closure") { event in
                let number = event["number"]?.doubleValue.map { Int($0) } ?? -1
                for _ in 0..<(number * 7 % 5) { await Task.yield() }
                seen.withLock { $0[event.runID ?? "", default: []].append(number) }
            }
            for number in 0..<2000 {
                lanes.submit(try .made("n", run: "run-\(number % 20)", number: number), lane: lane, type: "n")
            }
            await eventually { lanes.depth == 0 }
            let sum = lanes.sum(lane: lane)
            #expect(sum.dispatched == 2000 && sum.succeeded == 2000)
        }
        for (run, numbers) in seen.withLock({ $0 }) { #expect(numbers == numbers.sorted(), "\(run)") }
    }

    @Test func `a run that waits holds up neither other runs nor other closures`() async throws {
        let gate = Gate()
        let done = Mutex<Set<String>>([])
        try await withLanes { lanes in
            let waits = lanes.register("waits") { event in
                if event.runID == "slow" { await gate.wait() }
                done.withLock { _ = $0.insert("waits \(event.runID ?? "")") }
            }
            let other = lanes.register("other") { event in done.withLock { _ = $0.insert("other \(event.runID ?? "")") }
            }
            // Eight lanes: of enough runs some share the lane of the slow one.
            let runs = (0..<32).map { "run-\($0)" }
            for run in ["slow"] + runs {
                lanes.submit(try .made("n", run: run), lane: waits, type: "n")
                lanes.submit(try .made("n", run: run), lane: other, type: "n")
            }
            await eventually {
                done.withLock { $0.count { $0.hasPrefix("other") } == 33 && $0.count { $0.hasPrefix("waits") } > 16 }
            }
            #expect(!done.withLock { $0.contains("waits slow") })
            gate.open()
            await eventually { done.withLock { $0.count == 66 } }
        }
    }

    @Test func `what a closure throws is counted as failed, and its lane goes on`() async throws {
        try await withLanes { lanes in
            let lane = lanes.register("closure") { event in
                if event["number"]?.doubleValue.map({ Int($0) % 2 == 0 }) ?? true { throw HandlerFailure() }
            }
            for number in 0..<10 { lanes.submit(try .made("n", run: "r", number: number), lane: lane, type: "n") }
            await eventually { lanes.depth == 0 }
            #expect(lanes.sum(lane: lane) == (10, 5, 5, 0, 0))
            #expect(lanes.counts(lane: lane)["n"]?.durations.total == 10)
        }
    }

    @Test func `a closure that takes too long is counted and cancelled, and its run goes on`() async throws {
        let cancelled = Gate()
        let done = Gate()
        try await withLanes(timeout: .milliseconds(20)) { lanes in
            let lane = lanes.register("closure") { event in
                guard event["number"] == 0 else { return done.open() }
                await Gate().wait()
                if Task.isCancelled { cancelled.open() }
            }
            for number in 0..<2 { lanes.submit(try .made("n", run: "r", number: number), lane: lane, type: "n") }
            await cancelled.wait()
            await done.wait()
            await eventually { lanes.sum(lane: lane).inFlight == 0 }
            let sum = lanes.sum(lane: lane)
            // On a busy machine the second one may be late as well.
            #expect(sum.timedOut >= 1 && sum.dispatched == 2 && sum.succeeded + sum.timedOut == 2)
        }
    }

    @Test func `closures that block their threads hold up nobody`() async throws {
        let release = DispatchSemaphore(value: 0)
        // More than machines have cores, and than libdispatch would replace in time.
        let blocked = 100
        defer { for _ in 0..<blocked { release.signal() } }
        try await withLanes(lanes: blocked) { lanes in
            let blocks = lanes.register("blocks") { _ in Self.block(on: release) }
            let quick = lanes.register("quick") { _ in }
            for number in 0..<blocked * 3 {
                lanes.submit(try .made("n", run: "run-\(number)"), lane: blocks, type: "n")
            }
            for number in 0..<50 {
                lanes.submit(try .made("n", run: "run-\(number)"), lane: quick, type: "n")
                await eventually(within: .seconds(10)) { lanes.sum(lane: quick).succeeded == UInt64(number + 1) }
            }
            #expect(lanes.sum(lane: blocks).succeeded == 0)
        }
    }

    private nonisolated static func block(on semaphore: DispatchSemaphore) { semaphore.wait() }

    @Test func `a closure that blocks its thread past its time keeps no run waiting`() async throws {
        let release = DispatchSemaphore(value: 0)
        defer { release.signal() }
        let done = Gate()
        try await withLanes(timeout: .milliseconds(20)) { lanes in
            let lane = lanes.register("closure") { event in
                if event["number"] == 0 { Self.block(on: release) } else { done.open() }
            }
            for number in 0..<2 { lanes.submit(try .made("n", run: "r", number: number), lane: lane, type: "n") }
            await done.wait()
            #expect(lanes.sum(lane: lane).timedOut >= 1)
        }
    }

    @Test func `more than may wait are refused and counted`() async throws {
        let gate = Gate()
        try await withLanes(lanes: 1, queued: 5) { lanes in
            let lane = lanes.register("closure") { _ in await gate.wait() }
            for number in 0..<20 { lanes.submit(try .made("n", run: "r", number: number), lane: lane, type: "n") }
            // One runs, five wait.
            #expect(lanes.sum(lane: lane).failed == 14)
            #expect(lanes.depth == 6)
            gate.open()
            await lanes.waitUntilIdle()
            #expect(lanes.sum(lane: lane) == (20, 6, 14, 0, 0))
        }
    }

    @Test func `more bytes than may wait are refused, whatever their number`() async throws {
        let gate = Gate()
        try await withLanes(lanes: 1) { lanes in
            let lane = lanes.register("closure") { _ in await gate.wait() }
            for number in 0..<80 {
                lanes.submit(try .made("n", run: "r", number: number, padding: 1 << 19), lane: lane, type: "n")
            }
            #expect(lanes.sum(lane: lane).failed > 40 && lanes.depth < 35)
            gate.open()
            await lanes.waitUntilIdle()
        }
    }

    @Test func `dispatched is succeeded and failed and timed out and in flight at any time`() async throws {
        try await withLanes(lanes: 4, queued: 50, timeout: .milliseconds(3)) { lanes in
            let closures = (0..<3).map { closure in
                lanes.register("closure-\(closure)") { event in
                    switch (event["number"]?.doubleValue.map { Int($0) } ?? 0) % 5 {
                    case 0: throw HandlerFailure()
                    case 1: try await Task.sleep(for: .milliseconds(4))
                    case 2: await Task.yield()
                    default: break
                    }
                }
            }
            let over = Gate()
            let looks = try await withThrowingTaskGroup(of: Int.self) { group in
                group.addTask {
                    var looks = 0
                    while !over.isOpen {
                        for lane in closures {
                            for counts in lanes.counts(lane: lane).values {
                                // `inFlight` is a difference of unsigned numbers: it would trap if it were negative.
                                #expect(counts.inFlight <= 54)
                                #expect(counts.durations.total <= counts.dispatched)
                            }
                        }
                        looks += 1
                        await Task.yield()
                    }
                    return looks
                }
                for number in 0..<6000 {
                    let event = try Event.made("n", run: "run-\(number % 30)", number: number)
                    for lane in closures { lanes.submit(event, lane: lane, type: number % 2 == 0 ? "a" : "b") }
                    if number % 50 == 0 { await Task.yield() }
                }
                await lanes.waitUntilIdle()
                over.open()
                return try await group.next() ?? 0
            }
            #expect(looks >= 50)
            for lane in closures {
                let sum = lanes.sum(lane: lane)
                #expect(sum.dispatched == 6000 && sum.inFlight == 0)
                #expect(sum.succeeded + sum.failed + sum.timedOut == 6000)
            }
        }
    }

    @Test func `the end does not wait for a closure that never returns, and gives up what waits`() async throws {
        let release = DispatchSemaphore(value: 0)
        defer { release.signal() }
        let begun = Gate()
        let lanes = LaneExecutor(lanes: 1, queued: 10, timeout: .seconds(600), clock: .system, logger: .silent)
        let lane = lanes.register("closure") { event in
            guard event.runID != "after" else { return }
            begun.open()
            Self.block(on: release)
        }
        let life = Task { await lanes.run() }
        for number in 0..<4 { lanes.submit(try .made("n", run: "r", number: number), lane: lane, type: "n") }
        await begun.wait()
        life.cancel()
        await life.value
        #expect(lanes.depth == 0)
        #expect(lanes.sum(lane: lane) == (4, 0, 4, 0, 0))
        // Between two lives nothing is begun.
        lanes.submit(try .made("n", run: "after"), lane: lane, type: "n")
        #expect(lanes.sum(lane: lane) == (5, 0, 5, 0, 0))
        lanes.open()
        lanes.submit(try .made("n", run: "after"), lane: lane, type: "n")
        await lanes.waitUntilIdle()
        #expect(lanes.sum(lane: lane) == (6, 1, 5, 0, 0))
    }
}
