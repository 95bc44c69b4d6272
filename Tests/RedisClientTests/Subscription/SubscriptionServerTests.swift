import NIOCore
import ReactorTestKit
import RedisServer
import Testing

@testable import RedisClient

/// The subscription on a real server, in good times.
@Suite(.timeLimit(.minutes(10))) struct SubscriptionServerTests {
    @Test func `messages arrive in order, and nothing of our own among them`() async throws {
        try await withRedisServer { server in
            try await withSubscription(to: server.url) { lab in
                try await lab.ready()
                let sent = (0..<5_000).map { "message \($0)" }
                try await server.publish(sent, on: SubscriptionLab.channel)
                try #require(await eventually { lab.record.messageCount >= sent.count })
                #expect(lab.record.payloads == sent)
                #expect(lab.record.labels == ["subscribed", "ready"])
            }
        }
    }

    @Test func `patterns bring messages, and not our own probes`() async throws {
        try await withRedisServer { server in
            let targets: [SubscriptionTarget] = [.pattern("aos.*"), .channel("other")]
            try await withSubscription(to: server.url, targets: targets) {
                $0.probeInterval = .milliseconds(50)
            } _: { lab in
                try await lab.ready()
                try #require(await eventually { lab.record.count("probe") >= 5 })
                try await server.publish(["one"], on: "aos.events")
                try await server.publish(["two"], on: "other")
                try #require(await eventually { lab.record.messageCount >= 2 })
                #expect(Set(lab.record.payloads) == ["one", "two"])
            }
        }
    }

    @Test func `stop hands over what the server has sent, and run works again`() async throws {
        try await withRedisServer { server in
            try await withSubscription(to: server.url, stopsAtEnd: false) { lab in
                try await lab.ready()
                let sent = (0..<20_000).map { "message \($0)" }
                let counts = try await server.publish(sent, on: SubscriptionLab.channel)
                await lab.subscription.stop()
                #expect(lab.record.payloads == Array(sent.prefix(counts.reduce(0, +))))
                #expect(lab.record.labels.last == "stopped")
                #expect(try await server.subscriberCount(of: SubscriptionLab.channel) == 0)
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    tasks.addTask { try await lab.subscription.run() }
                    try await lab.ready(2)
                    try await server.publish(["again"], on: SubscriptionLab.channel)
                    try #require(await eventually { lab.record.payloads.last == "again" })
                    await lab.subscription.stop()
                    try await tasks.waitForAll()
                }
            }
        }
    }

    @Test func `an oversize message is skipped and reported by its first bytes`() async throws {
        try await withRedisServer { server in
            try await withSubscription(to: server.url) {
                $0.maxEventBytes = 10_000
            } _: { lab in
                try await lab.ready()
                let large = "begin " + String(repeating: "x", count: 3_000_000)
                try await server.publish(["before", large, "after"], on: SubscriptionLab.channel)
                try #require(await eventually { lab.record.messageCount >= 2 })
                #expect(lab.record.payloads == ["before", "after"])
                guard case .oversize(let message)? = lab.record.first("oversize")?.event else {
                    Issue.record("no oversize report")
                    return
                }
                #expect(message.length == large.utf8.count)
                #expect(String(decoding: message.channel, as: UTF8.self) == SubscriptionLab.channel)
                #expect(String(decoding: message.prefix, as: UTF8.self).hasPrefix("begin xxx"))
            }
        }
    }

    @Test func `a user who may not subscribe is told by name`() async throws {
        let directives = ["user limited on >secret +@all ~* resetchannels &elsewhere"]
        try await withRedisServer(directives: directives) { server in
            let url = server.url.replacing("unix://", with: "unix://limited:secret@")
            try await withSubscription(to: url) { lab in
                try #require(await eventually { lab.record.count("attempt_failed") >= 1 })
                guard case .attemptFailed(.refused(let error))? = lab.record.first("attempt_failed")?.event else {
                    Issue.record("not a refusal")
                    return
                }
                #expect(error.code == .noPermission)
            }
        }
    }

    @Test func `a server that comes later is found by itself`() async throws {
        try await withRedisServer { server in
            try await server.takeDown()
            try await withSubscription(to: server.url) { lab in
                try #require(await eventually { lab.record.count("attempt_failed") >= 3 })
                try await server.bringUp()
                let start = NIODeadline.now()
                try await lab.ready()
                figure("ready after a late server", NIODeadline.now().milliseconds(since: start), "ms")
            }
        }
    }

    @Test func `cancellation ends the run, and so does stop while nobody listens`() async throws {
        try await withRedisServer { server in
            let record = try await withSubscription(to: server.url, stopsAtEnd: false) { lab in
                try await lab.ready()
                return lab.record
            }
            #expect(record.labels.last == "stopped")
            #expect(try await server.subscriberCount(of: SubscriptionLab.channel) == 0)
            try await server.takeDown()
            try await withSubscription(to: server.url) { lab in
                try #require(await eventually { lab.record.count("attempt_failed") >= 1 })
                await lab.subscription.stop()
                #expect(lab.record.labels.last == "stopped")
                // Nothing runs any more: this returns at once.
                await lab.subscription.stop()
            }
        }
    }
}
