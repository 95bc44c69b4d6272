import Glibc
import ReactorTestKit
import RedisServer
import Synchronization
import Testing

@testable import ReactorRuntime

/// From one start to its stop, and to the next start, on real servers.
@Suite(.timeLimit(.minutes(3))) struct ReactorLifeTests {
    @Test func `a run that is cancelled ends at once, says what it leaves, and can be started again`() async throws {
        try await withRedisServer { server in
            let box = try ReactorBox(server) { $0.shutdownGrace = .seconds(600) }
            let gate = Gate()
            let begun = Mutex(0)
            try box.reactor.on("slow") { _ in
                begun.withLock { $0 += 1 }
                await gate.wait()
            }
            let cut = try await box.cutOff {
                for run in 0..<3 { try await server.publishEvent("slow", run: "run-\(run)") }
                try #require(await eventually("all have begun") { begun.withLock { $0 } == 3 })
            }
            print("figure: a run that was cancelled with three calls under way ended after \(cut.took)")
            #expect(cut.took < .seconds(30))
            #expect(cut.error?.code == .workLeft)
            #expect(cut.error?.message == "3 calls of handlers (slow: 3)")
            #expect(await box.reactor.status().state == "STOPPED")
            try await eventually("its connections are closed") { try await server.connectionCount(of: "box") == 0 }

            gate.open()
            try await box.running {
                try await server.publishEvent("slow", run: "again")
                await eventually("its closures are called again") { begun.withLock { $0 } == 4 }
                await #expect(throws: ReactorError.self) { try await box.reactor.run() }
            }
            #expect(await box.reactor.status().state == "STOPPED")
            #expect(box.log.lines("stopped, nothing left undone").count == 1)
        }
    }

    @Test func `a run that is cancelled with nothing to do has left nothing`() async throws {
        try await withRedisServer { server in
            let box = try ReactorBox(server) { $0.shutdownGrace = .seconds(600) }
            for _ in 0..<3 {
                let cut = try await box.cutOff {}
                #expect(cut.error == nil)
                #expect(cut.took < .seconds(30))
            }
            #expect(box.log.lines("ended, nothing left undone").count == 3)
        }
    }

    @Test(arguments: ["cancelled", "stopped", "without its Redis"])
    func `a life that is over is let go of`(end: String) async throws {
        try await withRedisServer { server in
            let box = try ReactorBox(server) { settings in
                // Only who stops in good order has to end in time.
                settings.shutdownGrace = end == "stopped" ? .seconds(60) : .milliseconds(500)
                settings.requiresRedis = end == "without its Redis"
            }
            try box.reactor.on("*") { _ in }
            let seen = Mutex<(WeakReference<ReactorLife>, WeakReference<IntakeEngine>)?>(nil)
            let look: @Sendable () -> Void = {
                guard let life = box.life else { return }
                seen.withLock { $0 = (WeakReference(object: life), WeakReference(object: life.engine)) }
            }
            switch end {
            case "cancelled":
                _ = try await box.cutOff {
                    try await server.publishEvent("n", times: 100)
                    look()
                }
            case "stopped":
                try await box.running {
                    try await server.publishEvent("n", times: 100)
                    look()
                }
            default:
                try await server.takeDown()
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await #expect(throws: ReactorError.self) { try await box.reactor.run() } }
                    await eventually("it has begun") { box.life != nil }
                    look()
                }
            }
            await eventually("nothing of it is left") {
                seen.withLock { $0 != nil && $0?.0.object == nil && $0?.1.object == nil }
            }
        }
    }

    @Test func `whoever asks is answered, however lives begin and end meanwhile`() async throws {
        try await withRedisServer { server in
            let box = try ReactorBox(server)
            let over = Gate()
            let reactor = box.reactor
            let answers = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        var answers = 0
                        while !over.isOpen {
                            _ = await reactor.health()
                            _ = await reactor.metrics()
                            _ = await reactor.handlers()
                            answers += 1
                            await Task.yield()
                        }
                        return answers
                    }
                }
                for life in 0..<20 {
                    if life.isMultiple(of: 2) { _ = try await box.cutOff {} } else { try await box.running {} }
                }
                over.open()
                // Ends only when each of them was answered.
                return try await group.reduce(0, +)
            }
            #expect(answers > 8)
        }
    }

    @Test func `a stop that is over before its work lists the calls that it leaves`() async throws {
        try await withRedisServer { server in
            let box = try ReactorBox(server) { settings in
                settings.shutdownGrace = .milliseconds(300)
                settings.lanesPerHandler = 1
                // None of them is over by itself, however long a busy machine takes to come to the stop.
                settings.handlerTimeout = .seconds(600)
            }
            let gate = Gate()
            let begun = Mutex(0)
            for name in ["first", "second"] {
                try box.reactor.on("slow", name: name) { _ in
                    begun.withLock { $0 += 1 }
                    await gate.wait()
                }
            }
            try box.reactor.on("slow", name: "quick") { _ in }
            let error = await #expect(throws: ReactorError.self) {
                try await box.running {
                    try await server.publishEvent("slow", times: 4)
                    await eventually("both have begun") { begun.withLock { $0 } == 2 }
                    await eventually("all arrived") { await box.reactor.status().received == 4 }
                }
            }
            gate.open()
            #expect(error?.code == .workLeft)
            #expect(error?.message == "8 calls of handlers (first: 4, second: 4)")
            #expect(box.log.lines("stopped with work left").count == 1)
        }
    }

    @Test func `a closure that blocks its thread delays no other's events and is counted as timed out`() async throws {
        try await withRedisServer { server in
            let box = try ReactorBox(server) { $0.handlerTimeout = .milliseconds(500) }
            #expect(ReactorSettings(instance: "x").handlerTimeout == .seconds(5))
            let done = Mutex<[String: ContinuousClock.Instant]>([:])
            try box.reactor.on("n", priority: 9, name: "blocked") { event in
                // The thread itself, although a closure should not.
                if event.runID == "run-0" { usleep(3_000_000) }
            }
            try box.reactor.on("n", name: "other") { event in
                done.withLock { $0[event.runID ?? ""] = .now }
            }
            try await box.running {
                let start = ContinuousClock.now
                for run in 0..<40 { try await server.publishEvent("n", run: "run-\(run)") }
                await eventually("the other one has handled all") {
                    Self.expectConservation(await box.reactor.handlers())
                    return done.withLock { $0.count } == 40
                }
                let last = done.withLock { $0.values.max() } ?? start
                print("figure: beside a closure blocked for 3 s, 40 events were handled within \(last - start)")
                await eventually("the blocked one is counted") {
                    let handlers = await box.reactor.handlers()
                    Self.expectConservation(handlers)
                    return handlers.first { $0.name == "blocked" }.map { ($0.timedOut, $0.inFlight) == (1, 0) } ?? false
                }
                let handlers = await box.reactor.handlers()
                #expect(handlers.map(\.dispatched) == [40, 40])
                #expect(handlers.map(\.succeeded) == [39, 40])
                #expect(box.log.lines("handler timed out").count == 1)
            }
        }
    }

    private static func expectConservation(_ handlers: [HandlerStatus]) {
        for handler in handlers {
            #expect(
                handler.dispatched == handler.succeeded + handler.failed + handler.timedOut + handler.inFlight
            )
        }
    }
}
