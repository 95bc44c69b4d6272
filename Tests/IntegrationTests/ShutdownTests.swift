import ChildProcesses
import Events
import Glibc
import ReactorTestKit
import RedisServer
import Testing

/// How the program ends: what was received is finished, and what was not is told.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct ShutdownTests {
    /// Publishes numbered events in a stream and ends the reactor in its middle. Prints what Redis delivered to it (it
    /// tells the publisher how many received each event) and what its handler made of them.
    private static let stream = """
        pid, handled, delivered = int(sys.argv[2]), [], []
        listener = client().pubsub()
        listener.subscribe("handled")
        listener.get_message(timeout=5)
        ended = threading.Event()
        def listen():
            while not ended.is_set():
                message = listener.get_message(timeout=0.2)
                if message and message["type"] == "message":
                    handled.append(int(json.loads(message["data"])["payload"]["n"]))
        thread = threading.Thread(target=listen)
        thread.start()
        connection, n, missed, begin = client(), 0, 0, time.monotonic()
        while missed < 500 and time.monotonic() - begin < 30:
            if n == 3000:
                os.kill(pid, signal.SIGTERM)
            pipe = connection.pipeline(transaction=False)
            for i in range(50):
                pipe.publish("aos.events", envelope("work.item", {"n": n + i}))
            for i, receivers in enumerate(pipe.execute()):
                if receivers:
                    delivered.append(n + i)
                else:
                    missed += 1
            n += 50
            while n - len(handled) > 2000 and not missed and time.monotonic() - begin < 30:
                time.sleep(0.002)
        begin = time.monotonic()
        while len(handled) < len(delivered) and time.monotonic() - begin < 20:
            time.sleep(0.01)
        time.sleep(0.1)
        ended.set()
        thread.join()
        print(json.dumps({"published": n, "delivered": len(delivered), "handled": len(handled),
                          "equal": delivered == handled}))
        """

    @Test func `SIGTERM in the middle of a stream: all that Redis delivered is handled, in order`() async throws {
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: SampleHandlers.work("worker")) { reactor in
                await eventually("ready") { await reactor.isReady }
                let process = String(reactor.program.processID)
                let output = try await Python.run(Self.stream, on: server, process)
                #expect(try await reactor.program.waitForExit() == .exited(code: 0))
                let report = try JSONValue.parse(output)
                #expect(report["equal"] == .bool(true), "\(output)")
                // The stream was longer than what the reactor lived to see.
                let delivered = report["delivered"]?.intValue ?? 0
                #expect(delivered >= 3000 && delivered < report["published"]?.intValue ?? 0, "\(output)")
                figure("events delivered before the end of a stream, all handled", delivered, "events")
                let log = reactor.program.errorOutput
                #expect(log.contains("stopped, nothing left undone"))
                #expect(!log.contains("events were not published"))
            }
        }
    }

    @Test func `it says farewell on the channel`() async throws {
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: SampleHandlers.failedRuns) { reactor in
                await eventually("ready") { await reactor.isReady }
                try await Python.withListener(to: "aos.events", on: server) { listener in
                    reactor.program.send(SIGINT)
                    #expect(try await reactor.program.waitForExit() == .exited(code: 0))
                    try await eventually("farewell") {
                        try listener.jsonLines.last?["event_type"]?.stringValue == "reactor.stopping"
                    }
                    let farewell = try #require(try listener.jsonLines.last)
                    #expect(farewell["source"]?.stringValue == "event_reactor")
                    #expect(farewell["payload"]?["instance"]?.stringValue?.isEmpty == false)
                }
            }
        }
    }

    /// Runs a reactor whose events come in while nothing goes out, so that its work cannot be finished.
    private static func withBlockedWork(
        grace: String,
        _ body: (RunningReactor) async throws -> Void
    ) async throws {
        try await withRedisServer { server in
            try await withTCPProxy(to: .unix(server.address.unixPath)) { proxy in
                try await withRunningReactor(
                    redis: proxy.url,
                    handlers: SampleHandlers.work("worker"),
                    config: "shutdown: { grace: \(grace) }\n"
                ) { reactor in
                    await eventually("ready") { await reactor.isReady }
                    try await proxy.blackHole([.toServer])
                    let events = (0..<700).map { #"{"event_type": "work.item", "payload": {"n": \#($0)}}"# }
                    try await server.publish(events, on: "aos.events")
                    await eventually("received") { await reactor.received() == 700 }
                    try await body(reactor)
                }
            }
        }
    }

    @Test func `not ready at once after SIGTERM while work is being finished; a second signal ends now, with 75`()
        async throws
    {
        try await Self.withBlockedWork(grace: "60s") { reactor in
            let begin = ContinuousClock.now
            reactor.program.send(SIGTERM)
            await eventually("not ready") { (try? await reactor.get("/readyz").status) == 503 }
            figure("from SIGTERM to 503", (ContinuousClock.now - begin).inMilliseconds, "ms")
            #expect(ContinuousClock.now - begin < .seconds(5))
            await eventually("STOPPING") {
                (try? await reactor.json("/v1/status")["state"]?.stringValue) == "STOPPING"
            }
            // Alive, and at work: what came in before the signal is still there.
            let alive = try await reactor.get("/healthz").status
            #expect(alive == 200)
            #expect(reactor.program.exitStatus == nil)

            // Much sooner it would be an echo of the first.
            try await Task.sleep(for: .milliseconds(300))
            let second = ContinuousClock.now
            reactor.program.send(SIGTERM)
            let end = try await reactor.program.waitForExit(within: .seconds(30))
            #expect(end == .exited(code: 75))
            figure("from the second signal to the end", (ContinuousClock.now - second).inMilliseconds, "ms")
            #expect(reactor.program.errorOutput.contains("second signal: ending at once"))
            #expect(!reactor.program.errorOutput.contains("nothing left undone"))
        }
    }

    @Test func `a stop while Redis is away ends before the grace does, with nothing left undone`() async throws {
        try await withRedisServer { server in
            let config = faultConfig("away") + "state: redis\nshutdown: { grace: 60s }\n"
            try await withRunningReactor(
                redis: server.url,
                handlers: SampleHandlers.work("worker"),
                config: config
            ) { reactor in
                await eventually("ready") { await reactor.isReady }
                try await server.takeDown()
                _ = try #require(await reactor.line("outbox cannot be used, messages wait"))
                reactor.program.send(SIGTERM)
                #expect(try await reactor.program.waitForExit(within: .seconds(50)) == .exited(code: 0))
                let log = reactor.program.errorOutput
                #expect(log.contains("stopped, nothing left undone"))
                // Who asked it nothing does not say that it answered.
                #expect(!log.contains("outbox can be used again"))
            }
        }
    }

    @Test func `one demand that arrives as two signals is one demand`() async throws {
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: SampleHandlers.work("worker")) { reactor in
                await eventually("ready") { await reactor.isReady }
                try await Python.withListener(to: "handled", on: server) { listener in
                    let events = (0..<2000).map { #"{"event_type": "work.item", "payload": {"n": \#($0)}}"# }
                    let delivered = try await server.publish(events, on: "aos.events").count { $0 > 0 }
                    reactor.program.send(SIGTERM)
                    reactor.program.send(SIGINT)
                    let end = try await reactor.program.waitForExit()
                    #expect(end == .exited(code: 0), "\(reactor.program.errorOutput)")
                    try await eventually("all were handled") { try listener.jsonLines.count == delivered }
                }
            }
        }
    }

    @Test func `work that cannot be finished within the grace ends with 75, and is told`() async throws {
        try await Self.withBlockedWork(grace: "1s") { reactor in
            reactor.program.send(SIGTERM)
            #expect(try await reactor.program.waitForExit() == .exited(code: 75))
            let left = try reactor.program.logLine("stopped with work left")?["left"]?.stringValue ?? ""
            let count = Int(left.prefix { $0.isNumber }) ?? 0
            #expect(left.hasSuffix("events to publish"), "\(left)")
            // A portion that was on its way is not counted twice; the rest waits.
            #expect(count >= 700 - 256, "\(left)")
            #expect(try reactor.program.logLine("the reactor ended")?["code"]?.stringValue == "work_left")
        }
    }

    @Test func `a start that fails before anything was received has left nothing`() async throws {
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: SampleHandlers.failedRuns) { reactor in
                await eventually("it listens") { (try? await reactor.get("/healthz").status) == 200 }
                try await withTemporaryFolder { folder in
                    // A built-in that remembers has its ticks of the clock, which nobody misses.
                    try write("handler: contract\nuses: audit-contract\n", to: "\(folder)/handlers/contract.yaml")
                    let second = try await runVerb(
                        "run",
                        "--listen",
                        reactor.adminAddress,
                        in: folder,
                        environment: ["REDIS_URL": "unix://\(folder)/nobody.sock", "REACTOR_HISTORY": "off"]
                    )
                    #expect(second.exitCode == 69)
                    #expect(second.errorOutput.contains("is already in use"))
                    #expect(!second.errorOutput.contains("work left"), "\(second.errorOutput)")
                }
            }
        }
    }
}
