import Events
import Glibc
import ReactorTestKit
import RedisServer
import Synchronization
import Testing

/// Reactors and Redis are killed at random moments while alerts are decided and sent: none may be lost, none may be two.
///
/// `AOS_CHAOS_TRIALS` says how often; `make chaos` makes a thousand trials, `make test` fifty. One trial is one kill, with a
/// burst of alerts around it.
@Suite(.serialized, .timeLimit(.minutes(120))) struct CrashMatrixTests {
    private static let trials = getenv("AOS_CHAOS_TRIALS").flatMap { Int(String(cString: $0)) } ?? 50
    /// Different runs that fail around each kill; each is published twice, and each reactor hears both.
    private static let burst = 3

    /// What the receiver got.
    private final class Inbox: Sendable {
        /// How often each message came, by run.
        private let posts = Mutex<[String: [String: Int]]>([:])

        var messages: [String: [String: Int]] { self.posts.withLock { $0 } }

        func add(_ request: SinkServer.Request) {
            guard let body = try? JSONValue.parse(request.body), let id = request["webhook-id"] else { return }
            self.posts.withLock { posts in
                for alert in body["data"]?["alerts"]?.arrayValue ?? [] {
                    posts[alert["run_id"]?.stringValue ?? "?", default: [:]][id, default: 0] += 1
                }
            }
        }
    }

    private struct Tally: CustomStringConvertible {
        var trials = 0
        var reactorKills = 0
        var redisKills = 0
        var published = 0
        /// Alerts that were decided to go out, by the receipts.
        var decided = 0
        /// Runs that no reactor heard of, because Redis died with the events in its buffers.
        var unheard = 0
        /// Decided and not delivered, or heard in a trial in which Redis lived and not delivered.
        var lost: [String] = []
        /// Runs with more than one message.
        var doubled: [String] = []
        /// Messages that came again, under their id.
        var repeated = 0
        var most = 0

        var description: String {
            """
            crash matrix: \(self.trials) trials, \(self.reactorKills) kills of reactors, \(self.redisKills) of Redis; \
            \(self.published) runs failed, \(self.decided) alerts decided to go out, \(self.unheard) events died with \
            Redis before anybody heard them; lost \(self.lost.count), with more than one delivery id \
            \(self.doubled.count), POSTs repeated under their id \(self.repeated) (at most \(self.most) times one message)
            """
        }
    }

    private static func config(_ name: String, _ port: Int) -> String {
        """
        instance: \(name)
        namespace: chaos
        heartbeat: { interval: 60s }
        alerts:
          dedup_window: 24h
          default_to: [sink]
          receivers:
            - { name: sink, webhook: { url: "http://127.0.0.1:\(port)/" }, allow_private: true, concurrency: 1 }

        """
    }

    /// Each run has a tenant of its own, so that nothing but itself holds its alert back.
    private static func event(_ run: String) -> String {
        #"{"event_type": "run.failed", "payload": {"run_id": "\#(run)", "tenant_id": "t-\#(run)"}}"#
    }

    private struct Receipt {
        let id: String
        let run: String
        /// The first number: 0 is `sent`, 1 is `duplicate`.
        let outcome: String
        /// All that was written.
        let text: String
    }

    /// The receipts of decisions about runs, from the one behind this id.
    private static func receipts(_ server: RedisServerProcess, after id: String? = nil) async throws -> [Receipt] {
        var found: [Receipt] = []
        var start = id.map { "(" + $0 } ?? "-"
        // In pages: thousands at once are a long reply.
        while true {
            let reply = try await server.command("XRANGE", "aos:{chaos}:receipts", start, "+", "COUNT", "200")
            guard case .array(let entries) = reply, case .array(let last)? = entries.last, let id = last[0].text else {
                return found
            }
            found += entries.compactMap(Self.receipt)
            start = "(" + id
        }
    }

    private static func receipt(_ entry: RedisConsole.Reply) -> Receipt? {
        guard case .array(let parts) = entry, parts.count == 2, let id = parts[0].text,
            case .array(let fields) = parts[1]
        else { return nil }
        let texts = fields.map { $0.text ?? "" }
        func field(_ name: String) -> String? { texts.firstIndex(of: name).map { texts[$0 + 1] } }
        guard let numbers = field("numbers"), let subject = field("subject"),
            let run = try? JSONValue.parse(subject)["run_id"]?.stringValue, run.hasPrefix("r")
        else { return nil }
        let outcome = String(numbers.prefix { $0 != " " })
        return Receipt(id: id, run: run, outcome: outcome, text: texts.joined(separator: " "))
    }

    /// The runs whose alerts were decided to go out.
    private static func decided(_ server: RedisServerProcess) async throws -> Set<String> {
        let byRun = Dictionary(grouping: try await Self.receipts(server), by: \.run)
        for (run, receipts) in byRun where receipts.count(where: { $0.outcome == "0" }) > 1 {
            let all = receipts.map { "\($0.id) \($0.text)" }.joined(separator: "\n")
            Issue.record("\(run) was decided to go out twice:\n\(all)")
        }
        return Set(byRun.filter { $0.value.contains { $0.outcome == "0" } }.keys)
    }

    /// Messages that have neither arrived nor been given up.
    private static func waiting(_ server: RedisServerProcess) async -> Int? {
        func count(_ command: String, _ key: String) async -> Int? {
            guard case .integer(let count)? = try? await server.command(command, "aos:{chaos}:" + key) else {
                return nil
            }
            return count
        }
        guard let notices = await count("XLEN", "notices"), let outbox = await count("XLEN", "outbox:sink"),
            let retries = await count("ZCARD", "retries:sink")
        else { return nil }
        return notices + outbox + retries
    }

    /// What waits and who holds it, for whoever reads of a failure.
    private static func showWaiting(_ server: RedisServerProcess) async {
        var commands = [["ZRANGE", "aos:{chaos}:retries:sink", "0", "5", "WITHSCORES"]]
        for (key, group) in [("notices", "planners"), ("outbox:sink", "senders")] {
            let stream = "aos:{chaos}:" + key
            commands += [
                ["XRANGE", stream, "-", "+", "COUNT", "5"], ["XINFO", "GROUPS", stream],
                ["XINFO", "CONSUMERS", stream, group], ["XPENDING", stream, group, "-", "+", "5"],
            ]
        }
        for command in commands {
            let answer = try? await server.console.send(commands: [command])
            print(command.joined(separator: " "), answer.map { "\($0)" } ?? "no answer")
        }
    }

    @Test func `kill -9 of reactors and of Redis at random moments loses no alert and makes none two`() async throws {
        let inbox = Inbox()
        try await SinkServer.with { request, _ in
            inbox.add(request)
            // Time enough for a kill between the arrival and the answer.
            return .late(.milliseconds(Int.random(in: 0...15)), status: 200)
        } _: { sink in
            try await Self.run(inbox, port: sink.port)
        }
    }

    private static func run(_ inbox: Inbox, port: Int) async throws {
        try await withRedisServer(appendOnly: true) { server in
            try await ReactorCrew.run(
                ["alfa", "bravo", "charlie"],
                redis: server.url,
                handlers: SampleHandlers.failedRuns,
                config: { Self.config($0, port) },
                { crew in
                    let burst = try await Self.disturb(crew, server)
                    try await Self.judge(burst, crew, server, inbox)
                }
            )
        }
    }

    /// What was done.
    private struct Disturbance: Sendable {
        var tally = Tally()
        /// Runs that failed.
        var all: Set<String> = []
        /// Those that somebody who lived on was told of.
        var safe: Set<String> = []
    }

    private static func disturb(_ crew: ReactorCrew, _ server: RedisServerProcess) async throws -> Disturbance {
        var done = Disturbance()
        for trial in 0..<Self.trials {
            // Somebody has to hear what is published.
            await eventually(within: .seconds(120), "two are ready") { crew.ready.count >= 2 }
            let runs = (0..<Self.burst).map { "r\(trial)-\($0)" }
            let events = runs.flatMap { [Self.event($0), Self.event($0)] }
            let heard = try await server.publish(events, on: "aos.events")
            done.all.formUnion(runs)
            try await Task.sleep(for: .microseconds(Int.random(in: 0...60_000)))
            done.tally.trials += 1
            if trial % 5 == 4 {
                done.tally.redisKills += 1
                try await server.kill()
                try await server.waitUntilReady()
                for name in crew.ready { await Self.waitUntilSubscribed(name, crew) }
            } else {
                done.tally.reactorKills += 1
                crew.kill(crew.ready.randomElement() ?? crew.names[0])
                if heard.allSatisfy({ $0 >= 2 }) { done.safe.formUnion(runs) }
            }
        }
        try await crew.waitUntilAllAreReady()
        await eventually(within: .seconds(120), "everything is sent") { await Self.waiting(server) == 0 }
        if await Self.waiting(server) != 0 { await Self.showWaiting(server) }
        return done
    }

    private static func waitUntilSubscribed(_ name: String, _ crew: ReactorCrew) async {
        await eventually(within: .seconds(60), "subscribed again") {
            guard let reactor = crew.reactor(name) else { return true }
            return await reactor.isReady
        }
    }

    private static func judge(
        _ done: Disturbance,
        _ crew: ReactorCrew,
        _ server: RedisServerProcess,
        _ inbox: Inbox
    ) async throws {
        var tally = done.tally
        let decided = try await Self.decided(server)
        let messages = inbox.messages
        tally.published = done.all.count
        tally.decided = decided.count
        tally.unheard = done.all.subtracting(decided).subtracting(done.safe).count
        tally.lost = decided.union(done.safe).filter { messages[$0] == nil }.sorted()
        tally.doubled = messages.filter { $0.value.count > 1 }.map(\.key).sorted()
        tally.repeated = messages.values.flatMap(\.values).reduce(0) { $0 + $1 - 1 }
        tally.most = messages.values.flatMap(\.values).max() ?? 0
        print(tally)
        #expect(tally.decided > 0 && tally.published == Self.trials * Self.burst)
        #expect(tally.lost.isEmpty, "\(tally.lost.prefix(10))")
        #expect(tally.doubled.isEmpty, "\(tally.doubled.prefix(10))")
        #expect(tally.repeated <= tally.reactorKills + tally.redisKills)
        try await Self.forgetNothing(crew, server, decided, inbox)
    }

    /// All reactors and Redis are killed at once: afterwards every window still holds.
    private static func forgetNothing(
        _ crew: ReactorCrew,
        _ server: RedisServerProcess,
        _ decided: Set<String>,
        _ inbox: Inbox
    ) async throws {
        let before = inbox.messages
        for name in crew.names { crew.kill(name) }
        try await server.kill()
        try await server.waitUntilReady()
        try await crew.waitUntilAllAreReady()
        let again = decided.sorted().suffix(100)
        let last = try await Self.receipts(server).last?.id
        _ = try await server.publish(again.map(Self.event), on: "aos.events")
        await eventually(within: .seconds(60), "all reactors have decided about all") {
            (try? await Self.receipts(server, after: last).count) == crew.names.count * again.count
        }
        let outcomes = try await Self.receipts(server, after: last).map(\.outcome)
        #expect(outcomes.allSatisfy { $0 == "1" })
        #expect(inbox.messages == before)
        let forgotten = outcomes.count { $0 != "1" }
        print("all reactors and Redis killed: \(forgotten) of \(outcomes.count) decisions knew nothing of before")
    }
}
