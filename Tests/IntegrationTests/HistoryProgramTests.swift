import ChildProcesses
import Events
import FoundationEssentials
import Glibc
import ReactorTestKit
import RedisServer
import Testing

/// History in the running program: what is recorded, and what becomes of it when a database or the program is killed.
@Suite(.serialized, .timeLimit(.minutes(15))) struct HistoryProgramTests {
    private static func events(_ numbers: Range<Int>) -> [String] {
        numbers.map { AlertedReactor.failedRun("run-\($0)", tenant: "tenant-\($0 % 50)") }
    }

    private static func withReactor<Result: Sendable>(
        _ server: RedisServerProcess,
        history: String,
        in folder: String,
        _ body: (RunningReactor) async throws -> Result
    ) async throws -> Result {
        let environment = ["REACTOR_HISTORY_URL": history, "REACTOR_HISTORY_SPILL_DIR": folder + "/spill"]
        return try await withRunningReactor(
            redis: server.url,
            handlers: SampleHandlers.failedRuns,
            environment: environment
        ) { reactor in
            let isReady = await eventually("ready") { await reactor.isReady }
            try #require(isReady, "\(reactor.program.errorOutput)")
            return try await body(reactor)
        }
    }

    /// Publishes events and waits until the alert of each is decided.
    private static func decide(
        _ numbers: Range<Int>,
        _ reactor: RunningReactor,
        _ server: RedisServerProcess
    ) async throws {
        let before = try await reactor.metric("aos_alert_decisions_total")
        for start in stride(from: numbers.lowerBound, to: numbers.upperBound, by: 100) {
            _ = try await server.publish(Self.events(start..<min(start + 100, numbers.upperBound)), on: "aos.events")
        }
        try await eventually("decided") {
            try await reactor.metric("aos_alert_decisions_total") >= before + Double(numbers.count)
        }
    }

    /// What `/readyz` says of history; the reactor must be ready all the time.
    private static func health(_ reactor: RunningReactor) async throws -> (status: String, message: String) {
        let answer = try await reactor.get("/readyz")
        #expect(answer.status == 200, "\(answer.body)")
        let components = try JSONValue.parse(answer.body)["components"]?.arrayValue ?? []
        let component = components.first { $0["name"]?.stringValue == "history" }
        return (component?["status"]?.stringValue ?? "?", component?["message"]?.stringValue ?? "?")
    }

    @Test func `what happens is in a file, without secrets, when the program has ended`() async throws {
        try await withTemporaryFolder { folder in
            try await withRedisServer { server in
                let file = folder + "/data/history.db"
                try await Self.withReactor(server, history: "sqlite:\(file)", in: folder) { reactor in
                    try await Self.decide(0..<60, reactor, server)
                    let poison = [#"{"event_type": "x.y", "password": "hunter2-hunter2""#, "[]", "nonsense"]
                    _ = try await server.publish(poison, on: "aos.events")
                    try await eventually("quarantined") {
                        try await reactor.metric("aos_events_quarantined_total") == 3
                    }
                    #expect(try await Self.health(reactor).status == "Healthy")
                    reactor.program.send(SIGTERM)
                    let end = try await reactor.program.waitForExit()
                    #expect(end == .exited(code: 0))
                }
                #expect(try await StoredHistory.rows("SELECT count(*) FROM alerts", inFile: file) == ["60"])
                let receipts = "SELECT count(DISTINCT alert_id) FROM receipts WHERE handler = 'failed-runs'"
                #expect(try await StoredHistory.rows(receipts, inFile: file) == ["60"])
                let reasons = "SELECT reason FROM quarantine ORDER BY byte_count DESC"
                #expect(
                    try await StoredHistory.rows(reasons, inFile: file) == ["not_json", "not_json", "not_an_object"]
                )
                let excerpts = try await StoredHistory.rows("SELECT excerpt FROM quarantine", inFile: file)
                #expect(excerpts.contains { $0.contains("<REDACTED>") })
                #expect(!excerpts.contains { $0.contains("hunter2") })
            }
        }
    }

    @Test func `who got an alert, and when, is known after Redis has forgotten it`() async throws {
        try await withTemporaryFolder { folder in
            try await withRedisServer { server in
                let config = """
                    alerts:
                      receivers: [{ name: disk, file: { path: "\(folder)/alerts.jsonl" } }]
                      default_to: [disk, log]

                    """
                try await withRunningReactor(
                    redis: server.url,
                    handlers: SampleHandlers.failedRuns,
                    config: config,
                    environment: ["REACTOR_HISTORY_URL": "sqlite:\(folder)/history.db"]
                ) { reactor in
                    await eventually(within: .seconds(60), "ready") { await reactor.isReady }
                    _ = try await server.publish(Self.events(0..<1), on: "aos.events")
                    let path = "/v1/alerts?run_id=run-0"
                    func deliveries() async throws -> [JSONValue] {
                        guard let id = try await reactor.json(path)["alerts"]?.arrayValue?.first?["id"]?.stringValue
                        else { return [] }
                        return try await reactor.json("/v1/alerts/\(id)")["deliveries"]?.arrayValue ?? []
                    }
                    func delivered() async -> Set<String> {
                        let told = (try? await deliveries()) ?? []
                        return Set(
                            told.filter { $0["status"]?.stringValue == "delivered" }.compactMap {
                                $0["receiver"]?.stringValue
                            }
                        )
                    }
                    await eventually(within: .seconds(60), "delivered") { await delivered() == ["disk", "log"] }
                    await eventually(within: .seconds(60), "written down") {
                        let kept = "SELECT count(*) FROM deliveries WHERE outcome = 'delivered' AND run_id = 'run-0'"
                        return (try? await StoredHistory.rows(kept, inFile: folder + "/history.db")) == ["2"]
                    }
                    try await server.command("FLUSHALL")
                    let nothing = try await reactor.json("/v1/deliveries")["deliveries"]?.arrayValue
                    #expect(nothing?.isEmpty == true)
                    #expect(await delivered() == ["disk", "log"])
                    let explanation = try await AlertedReactor.verb(reactor, "explain", "run-0")
                    #expect(explanation.exitCode == 0, "\(explanation.everything)")
                    #expect(explanation.output.contains("disk (file): delivered at "), "\(explanation.output)")
                    #expect(explanation.output.contains("log (log): delivered at "), "\(explanation.output)")
                    // The time line of the run says it, too.
                    let entries = try await reactor.json("/v1/runs/run-0")["entries"]?.arrayValue ?? []
                    #expect(entries.count { $0["kind"]?.stringValue == "delivery" } == 2)
                }
            }
        }
    }

    @Test func `a PostgreSQL killed under load comes back to every receipt, once, and no alert waits for it`()
        async throws
    {
        try await withTemporaryFolder { folder in
            try await withPostgresServer { database in
                try await withRedisServer { server in
                    try await Self.withReactor(server, history: database.url(), in: folder) { reactor in
                        for round in 0..<3 {
                            try await Self.decide((round * 400)..<(round * 400 + 200), reactor, server)
                            if round == 1 { database.killBackends() } else { await database.kill() }
                            // Decided although nothing can be written.
                            try await Self.decide((round * 400 + 200)..<(round * 400 + 400), reactor, server)
                            if round != 1 {
                                try await eventually("trouble is told") {
                                    try await Self.health(reactor).status == "Degraded"
                                }
                                #expect(try await reactor.metric("aos_history_trouble") == 1)
                                try await database.start()
                            }
                            try await eventually("it is back") { try await Self.health(reactor).status == "Healthy" }
                        }
                        let count = "SELECT count(*)::text FROM aos_reactor.receipts WHERE handler = 'failed-runs'"
                        try await eventually("all are there") {
                            try await StoredHistory.rows(count, in: database) == ["1200"]
                        }
                        #expect(try await reactor.metric("aos_history_lost_total") == 0)
                        let spilled = try await reactor.metric("aos_history_spilled_total")
                        print(
                            "history: of 1,200 receipts and their alerts, \(Int(spilled)) rows went by way of the disk"
                        )
                    }
                    let rows = "SELECT count(DISTINCT (run_id, alert_id))::text FROM aos_reactor.receipts"
                    #expect(try await StoredHistory.rows(rows, in: database) == ["1200"])
                    let foreign = "SELECT count(*)::text FROM pg_tables WHERE schemaname = 'public'"
                    #expect(try await StoredHistory.rows(foreign, in: database) == ["0"])
                }
            }
        }
    }

    @Test func `a PostgreSQL that stopped holds nobody up, neither alerts nor the end`() async throws {
        try await withTemporaryFolder { folder in
            try await withPostgresServer { database in
                try await withRedisServer { server in
                    try await Self.withReactor(server, history: database.url(), in: folder) { reactor in
                        try await Self.decide(0..<50, reactor, server)
                        try await eventually("written") { try await reactor.metric("aos_history_written_total") >= 100 }
                        database.suspend()
                        let clock = ContinuousClock()
                        let decided = try await clock.measure { try await Self.decide(50..<1050, reactor, server) }
                        let started = clock.now
                        reactor.program.send(SIGTERM)
                        let end = try await reactor.program.waitForExit()
                        #expect(end == .exited(code: 0))
                        print(
                            "history: database stopped; 1,000 alerts decided in \(decided), end after \(clock.now - started)"
                        )
                    }
                    database.resume()
                    // What was left on disk is written by the next life.
                    try await Self.withReactor(server, history: database.url(), in: folder) { _ in
                        let count = "SELECT count(*)::text FROM aos_reactor.receipts WHERE handler = 'failed-runs'"
                        try await eventually("all are there") {
                            try await StoredHistory.rows(count, in: database) == ["1050"]
                        }
                    }
                }
            }
        }
    }

    @Test func `a reactor that is killed leaves no receipt out`() async throws {
        try await withTemporaryFolder { folder in
            let file = folder + "/history.db"
            try await withRedisServer { server in
                for round in 0..<3 {
                    try await Self.withReactor(server, history: "sqlite:\(file)", in: folder) { reactor in
                        try await Self.decide((round * 300)..<(round * 300 + 300), reactor, server)
                        reactor.program.send(SIGKILL)
                        try await reactor.program.waitForExit()
                    }
                }
                try await Self.withReactor(server, history: "sqlite:\(file)", in: folder) { reactor in
                    reactor.program.send(SIGTERM)
                    let end = try await reactor.program.waitForExit()
                    #expect(end == .exited(code: 0))
                }
                let ids = try await StoredHistory.rows(
                    "SELECT run_id FROM receipts WHERE handler = 'failed-runs'",
                    inFile: file
                )
                #expect(ids.count == 900)
                #expect(Set(ids).count == 900)
            }
        }
    }

    @Test func `what Redis no longer keeps is answered from history, page by page`() async throws {
        try await withTemporaryFolder { folder in
            try await withRedisServer { server in
                try await Self.withReactor(server, history: "sqlite:\(folder)/history.db", in: folder) { reactor in
                    try await Self.decide(0..<250, reactor, server)
                    try await eventually("kept") { try await reactor.metric("aos_history_written_total") >= 500 }
                    func runs() async throws -> [String] {
                        var found: [String] = []
                        var next: String? = ""
                        while let cursor = next {
                            let before = cursor.isEmpty ? "" : "&before=\(cursor)"
                            let page = try await reactor.json("/v1/receipts?limit=40\(before)")
                            found += page["receipts"]?.arrayValue?.compactMap { $0["run_id"]?.stringValue } ?? []
                            next = page["next"]?.stringValue
                        }
                        return found
                    }
                    let before = try await runs()
                    #expect(Set(before).count == 250)
                    // Only the newest are left, as when there were a million since.
                    _ = try await server.command("XTRIM", "aos:{aos}:receipts", "MAXLEN", "90")
                    #expect(try await runs() == before)
                    let old = try await reactor.json("/v1/receipts?run_id=run-3")["receipts"]?.arrayValue ?? []
                    #expect(old.count == 1)
                    #expect(old.first?["event"]?["event_type"]?.stringValue == "run.failed")
                    let told = try await AlertedReactor.verb(reactor, "explain", "run-3")
                    #expect(told.exitCode == 0, "\(told.everything)")
                    #expect(told.output.contains("run.failed from tests"), "\(told.output)")
                }
            }
        }
    }

    @Test func `without history nothing is kept and nothing is said of it`() async throws {
        try await withTemporaryFolder { folder in
            try await withRedisServer { server in
                try await Self.withReactor(server, history: "off", in: folder) { reactor in
                    try await Self.decide(0..<5, reactor, server)
                    #expect(try await Self.health(reactor).status == "?")
                    #expect(!(try await reactor.get("/metrics").body.contains("aos_history_recorded_total")))
                }
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
        }
    }
}
