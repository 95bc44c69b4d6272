import Glibc
import NIOCore
import ReactorTestKit
import RedisServer
import Testing

@testable import RedisClient

/// Faults on real servers. Each prints its figure.
@Suite(.serialized, .timeLimit(.minutes(10))) struct SubscriptionFaultTests {
    private static let channel = SubscriptionLab.channel

    @Test func `a killed subscriber is back within two seconds and reports what it missed`() async throws {
        try await withRedisServer { server in
            try await withSubscription(to: server.url) { lab in
                try await lab.ready()
                try await server.publish(["before"], on: Self.channel)
                try #require(await eventually { lab.record.messageCount == 1 })
                let start = NIODeadline.now()
                // One batch: the server executes it before it can accept the new subscription.
                _ = try await server.console.send(commands: [
                    ["CLIENT", "KILL", "TYPE", "pubsub"], ["PUBLISH", Self.channel, "missed 1"],
                    ["PUBLISH", Self.channel, "missed 2"],
                ])
                try #require(await eventually { lab.record.windows.count == 1 })
                let subscribed = try #require(lab.record.first("subscribed", after: start))
                let window = lab.record.windows[0]
                figure("CLIENT KILL: subscribed again", subscribed.when.milliseconds(since: start), "ms")
                figure("CLIENT KILL: window", "\(window.length) \(window.cause.rawValue) \(window.missed)", "")
                #expect(subscribed.when - start < .seconds(2))
                #expect(window.cause == .killed)
                #expect(window.missed == .atMost(2))
                try await server.publish(["after"], on: Self.channel)
                try #require(await eventually { lab.record.payloads == ["before", "after"] })
            }
        }
    }

    @Test func `a server that was restarted is subscribed to within 250 ms after its port answers`() async throws {
        try await withRedisServer(tcp: .free) { server in
            let url = try #require(server.address.tcpURL)
            try await withSubscription(to: url) { lab in
                try await lab.ready()
                var subscribed: [Int64] = []
                var ready: [Int64] = []
                for round in 2...6 {
                    try await server.takeDown()
                    try await Task.sleep(for: .milliseconds(300 * round))
                    try await server.bringUp()
                    // It answers from here on at the latest.
                    let start = NIODeadline.now()
                    try await lab.ready(round)
                    let last = { label in lab.record.reports.last { $0.event.label == label }?.when ?? .distantFuture }
                    subscribed.append(last("subscribed").milliseconds(since: start))
                    ready.append(last("ready").milliseconds(since: start))
                }
                figure("server restart: subscribed after the port answers", "\(subscribed)", "ms")
                figure("server restart: proven after the port answers", "\(ready)", "ms")
                #expect(subscribed.sorted()[2] < 250)
                try #require(await eventually { lab.record.windows.count == 5 })
                let window = lab.record.windows[0]
                figure("server restart: window", "\(window.length) \(window.cause.rawValue) \(window.missed)", "")
                #expect(lab.record.windows.allSatisfy { $0.cause == .serverRestarted })
                guard case .unknown(.countersReset) = window.missed else {
                    Issue.record("a restarted server's counters tell nothing: \(window.missed)")
                    return
                }
            }
        }
    }

    @Test func `a server stopped for three seconds is noticed within two, and nothing is lost`() async throws {
        try await withRedisServer { server in
            try await withSubscription(to: server.url) { lab in
                try await lab.ready()
                let start = NIODeadline.now()
                server.suspend()
                try await Task.sleep(for: .seconds(3))
                server.resume()
                try #require(await eventually { lab.record.replacements.count == 1 })
                let suspect = try #require(lab.record.first("suspect", after: start))
                figure("SIGSTOP: noticed after", suspect.when.milliseconds(since: start), "ms")
                figure("SIGSTOP: replacement", "\(lab.record.replacements[0])", "")
                #expect(suspect.when - start < .seconds(2))
                #expect(lab.record.replacements[0].cut == .exact)
                #expect(lab.record.windows == [])
            }
        }
    }

    @Test func `five seconds of SIGSTOP under load lose nothing through our own reaction`() async throws {
        try await withRedisServer { server in
            try await withSubscription(to: server.url) { lab in
                try await lab.ready()
                let start = NIODeadline.now()
                let published = try await Self.publishNumbers(to: server, perSecond: 1_000, seconds: 9) {
                    try await Task.sleep(for: .seconds(2))
                    server.suspend()
                    try await Task.sleep(for: .seconds(5))
                    server.resume()
                }
                try #require(await eventually { lab.record.payloads.last == "\(published - 1)" })
                let received = lab.record.payloads.compactMap(Int.init)
                let lost = Set(0..<published).subtracting(received).count
                figure("5 s SIGSTOP at 1,000/s: published \(published), lost", lost, "messages")
                figure("5 s SIGSTOP at 1,000/s: received twice", received.count - Set(received).count, "messages")
                #expect(received.count == published)
                #expect(lost == 0)
                // Ten at a time were published on one connection; these keep their order.
                #expect(Self.areOrdered(received, within: 10))
                let suspect = try #require(lab.record.first("suspect", after: start))
                #expect(lab.record.replacements.map(\.cut) == [.exact])
                figure("5 s SIGSTOP: suspicion to cut", "\(lab.record.replacements[0].duration)", "")
                figure("5 s SIGSTOP: noticed", suspect.when.milliseconds(since: start) - 2_000, "ms")
            }
        }
    }

    @Test(arguments: [8 << 20, 4_096])
    func `a black hole is noticed within two seconds, and left`(handoverBufferBytes: Int) async throws {
        try await withRedisServer(tcp: .free) { server in
            let port = try #require(server.address.port)
            try await withTCPProxy(to: .tcp(port: port)) { proxy in
                // The old link's connection is in the hole; new ones go another way, as after a change of route.
                try await Self.withSwitchedPath { path, use in
                    try use("\(path)/proxied.sock")
                    try await Self.withUnixForwarder("\(path)/proxied.sock", to: proxy.port) {
                        try await withSubscription(to: "unix://\(path)/now.sock", commandsTo: server.url) { settings in
                            settings.handoverBufferBytes = handoverBufferBytes
                        } _: { lab in
                            try await lab.ready()
                            try use(server.address.unixPath)
                            try await Self.measureBlackHole(lab, server, proxy)
                        }
                    }
                }
            }
        }
    }

    private static func measureBlackHole(
        _ lab: SubscriptionLab,
        _ server: RedisServerProcess,
        _ proxy: TCPProxy
    ) async throws {
        let start = NIODeadline.now()
        let published = try await Self.publishNumbers(to: server, perSecond: 2_000, seconds: 5) {
            try await Task.sleep(for: .milliseconds(500))
            try await proxy.blackHole()
        }
        try #require(await eventually { lab.record.windows.count == 1 })
        try #require(await eventually { lab.record.payloads.last == "\(published - 1)" })
        let suspect = try #require(lab.record.first("suspect", after: start))
        let window = lab.record.windows[0]
        let received = lab.record.payloads.compactMap(Int.init)
        let lost = published - Set(received).count
        figure("black hole: noticed after", suspect.when.milliseconds(since: start) - 500, "ms")
        figure("black hole: window", "\(window.length) \(window.cause.rawValue)", "")
        figure("black hole at 2,000/s: lost \(lost) of \(published), reported", "\(window.missed)", "")
        #expect(suspect.when - start < .milliseconds(2_500))
        #expect(window.cause == .blackHole)
        #expect(window.missed == .atMost(UInt64(lost)))
        #expect(received.count == Set(received).count)
        #expect(lab.record.replacements.map(\.cut) == [.fromFirstMessage])
    }

    @Test func `a demoted server that answers PING and delivers nothing is left`() async throws {
        try await withRedisServer { old in
            try await withRedisServer { new in
                try await Self.withSwitchedPath { path, use in
                    try use(old.address.unixPath)
                    try await withSubscription(to: "unix://\(path)/now.sock") { settings in
                        settings.probeInterval = .milliseconds(500)
                    } _: { lab in
                        try await lab.ready()
                        // The address leads to another server now, and producers follow. Our link stays where it is.
                        try use(new.address.unixPath)
                        let start = NIODeadline.now()
                        try await old.command("CLIENT", "KILL", "TYPE", "normal")
                        try #require(await eventually { lab.record.replacements.count == 1 })
                        let suspect = try #require(lab.record.first("suspect", after: start))
                        figure("demoted server: noticed after", suspect.when.milliseconds(since: start), "ms")
                        #expect(suspect.when - start < .seconds(15))
                        #expect(lab.record.replacements[0].cause == .deaf)
                        try await lab.ready(2)
                        try await new.publish(["there"], on: Self.channel)
                        try #require(await eventually { lab.record.payloads == ["there"] })
                        try #require(await eventually { lab.record.windows.count == 1 })
                        #expect(lab.record.windows[0].cause == .deaf)
                        figure("demoted server: window", "\(lab.record.windows[0])", "")
                    }
                }
            }
        }
    }

    @Test func `a subscription that delivers nothing but answers PING is noticed`() async throws {
        try await withFakeRedisServer { server in
            try await withSubscription(to: server.url) { settings in
                settings.probeInterval = .milliseconds(200)
                settings.probeDeadline = .milliseconds(600)
                settings.markerDeadline = .milliseconds(600)
            } _: { lab in
                try await lab.ready()
                let start = NIODeadline.now()
                try await server.goDeaf()
                try #require(await eventually { lab.record.count("suspect") == 1 })
                let suspect = try #require(lab.record.first("suspect", after: start))
                let noticed = suspect.when.milliseconds(since: start)
                figure("deaf server (probe every 200 ms, deadline 600 ms): noticed after", noticed, "ms")
                #expect(suspect.when - start < .seconds(2))
                // Successors are deaf as well; each is given up, and the old link stays.
                try #require(await eventually { lab.record.count("attempt_failed") >= 2 })
                try await server.hear()
                try #require(await eventually { lab.record.replacements.count == 1 })
                #expect(lab.record.replacements[0].cut == .exact)
            }
        }
    }

    @Test func `a 29 MiB message that makes the server cut every subscriber is survived and named`() async throws {
        try await withRedisServer { server in
            try await withSubscription(to: server.url) { lab in
                try await lab.ready()
                let large = String(repeating: "x", count: 29 << 20)
                var worst: Int64 = 0
                for round in 1...5 {
                    let start = NIODeadline.now()
                    let receivers = try await server.publish([large], on: Self.channel)
                    #expect(receivers == [1])
                    try #require(await eventually { lab.record.windows.count == round })
                    let subscribed = try #require(lab.record.reports.last { $0.event.label == "subscribed" })
                    let lost = try #require(lab.record.first("lost", after: start))
                    worst = max(worst, subscribed.when.milliseconds(since: lost.when))
                    try await server.publish(["after \(round)"], on: Self.channel)
                    try #require(await eventually { lab.record.payloads.last == "after \(round)" })
                }
                figure("29 MiB PUBLISH, 5 times: subscribed again after the cut, worst", worst, "ms")
                let causes = lab.record.windows.map(\.cause.rawValue)
                figure("29 MiB PUBLISH: windows", "\(causes) \(lab.record.windows.map(\.missed))", "")
                #expect(lab.record.windows.allSatisfy { $0.cause == .oversizePublish })
                #expect(lab.record.windows.allSatisfy { $0.missed == .atMost(1) })
            }
        }
    }

    @Test func `fifty kills in a row leak nothing`() async throws {
        try await withRedisServer { server in
            try await withSubscription(to: server.url) { lab in
                try await lab.ready()
                let before = Self.openDescriptors()
                var times: [Int64] = []
                for round in 1...50 {
                    let start = NIODeadline.now()
                    try await server.command("CLIENT", "KILL", "TYPE", "pubsub")
                    try await lab.ready(round + 1)
                    let subscribed = try #require(lab.record.first("subscribed", after: start))
                    times.append(subscribed.when.milliseconds(since: start))
                    // A window that is cut off before it is measured is told with the next one's figure, by design.
                    try #require(await eventually { lab.record.windows.count == round })
                }
                let after = Self.openDescriptors()
                figure("50 kills: subscribed again, median", times.sorted()[25], "ms")
                figure("50 kills: subscribed again, worst", times.max() ?? 0, "ms")
                figure("50 kills: file descriptors before and after", "\(before) \(after)", "")
                #expect(after <= before + 2)
                let unexplained = lab.record.windows.filter { $0.cause != .killed || $0.missed != .atMost(0) }
                #expect(unexplained == [])
                #expect(try await server.subscriberCount(of: Self.channel) == 1)
            }
        }
    }

    @Test func `a stall of our own long enough to be cut is named, and counted`() async throws {
        try await withRedisServer(directives: ["client-output-buffer-limit pubsub 1mb 1mb 1"]) { server in
            try await withSubscription(to: server.url) { lab in
                try await lab.ready()
                let blocked = lab.eventLoop.submit { usleep(1_500_000) }
                let sent = (0..<20_000).map { "\($0) " + String(repeating: "x", count: 500) }
                try await server.publish(sent, on: Self.channel)
                _ = try await blocked.get()
                try #require(await eventually { lab.record.windows.count == 1 })
                let window = lab.record.windows[0]
                let lost = sent.count - lab.record.messageCount
                figure("own stall: truly lost \(lost), reported", "\(window.missed)", "")
                figure("own stall: window", "\(window.length) \(window.cause.rawValue)", "")
                #expect(window.cause == .ownStall)
                #expect(window.missed == .atMost(UInt64(lost)))
                #expect(window.length > .milliseconds(900))
                #expect(lab.record.count("own_stall") == 1)
            }
        }
    }

    @Test func `pauses of our own cut no healthy link`() async throws {
        try await withRedisServer { server in
            try await withSubscription(to: server.url) { lab in
                try await lab.ready()
                for _ in 0..<3 {
                    _ = try await lab.eventLoop.submit { usleep(2_000_000) }.get()
                    try await Task.sleep(for: .milliseconds(200))
                }
                #expect(lab.record.count("own_stall") == 3)
                #expect(lab.record.count("suspect") == 0)
                #expect(lab.record.count("lost") == 0)
            }
        }
    }
}
