import NIOCore
import ReactorTestKit
import RedisServer
import Testing

@testable import RedisClient

/// Ways in and reasons to be thrown out, on real servers.
@Suite(.timeLimit(.minutes(10))) struct SubscriptionAccessTests {
    private static let channel = SubscriptionLab.channel

    @Test func `TLS carries the subscription, and back again after a kill`() async throws {
        try await withTemporaryFolder { folder in
            let authority = try await CertificateAuthority(in: folder)
            let certificate = try await authority.issue()
            let tls = RedisServerSettings.TLS(
                certificateFile: certificate.certificateFile,
                keyFile: certificate.keyFile,
                authorityFile: authority.certificateFile
            )
            try await withRedisServer(tls: tls) { server in
                let url = try #require(server.address.tlsURL)
                try await withSubscription(to: url, caFile: authority.certificateFile) { lab in
                    try await lab.ready()
                    let sent = (0..<3_000).map { "message \($0) " + String(repeating: "x", count: 300) }
                    try await server.publish(sent, on: Self.channel)
                    try #require(await eventually { lab.record.messageCount == sent.count })
                    #expect(lab.record.payloads == sent)
                    try await server.command("CLIENT", "KILL", "TYPE", "pubsub")
                    try await lab.ready(2)
                    try #require(await eventually { lab.record.windows.count == 1 })
                    #expect(lab.record.windows[0].cause == .killed)
                    #expect(lab.record.windows[0].missed == .atMost(0))
                }
            }
        }
    }

    @Test func `a user whose channels are taken away is told so, and comes back with them`() async throws {
        let directives = ["user reader on >secret +@all ~* allchannels"]
        try await withRedisServer(directives: directives) { server in
            let url = server.url.replacing("unix://", with: "unix://reader:secret@")
            try await withSubscription(to: url) { settings in
                settings.backoff.longest = .milliseconds(100)
            } _: { lab in
                try await lab.ready()
                try await server.command("ACL", "SETUSER", "reader", "resetchannels")
                try #require(await eventually { lab.record.count("attempt_failed") >= 1 })
                try await server.command("ACL", "SETUSER", "reader", "allchannels")
                try #require(await eventually { lab.record.windows.count == 1 })
                #expect(lab.record.windows[0].cause == .accessRevoked)
            }
        }
    }

    @Test func `a reset on the way is a broken connection`() async throws {
        try await withRedisServer(tcp: .free) { server in
            let port = try #require(server.address.port)
            try await withTCPProxy(to: .tcp(port: port)) { proxy in
                try await withSubscription(to: proxy.url, commandsTo: server.url) { lab in
                    try await lab.ready()
                    try await proxy.cutAll(reset: true)
                    try #require(await eventually { lab.record.windows.count == 1 })
                    #expect(lab.record.windows[0].cause == .connectionBroken)
                    #expect(lab.record.windows[0].missed == .atMost(0))
                }
            }
        }
    }

    @Test func `CLIENT PAUSE costs at most one extra connection and no message`() async throws {
        try await withRedisServer { server in
            try await withSubscription(to: server.url) { lab in
                try await lab.ready()
                try await server.command("CLIENT", "PAUSE", "2500", "ALL")
                let sent = (0..<100).map { "message \($0)" }
                // Answered when the pause is over.
                try await server.publish(sent, on: Self.channel)
                try #require(await eventually { lab.record.messageCount == sent.count })
                #expect(lab.record.payloads == sent)
                try #require(await eventually { lab.record.replacements.count == 1 })
                #expect(lab.record.replacements[0].cut == .exact)
                #expect(lab.record.windows == [])
            }
        }
    }

    @Test func `kills under load: what is reported bounds what was lost`() async throws {
        try await withRedisServer { server in
            try await withSubscription(to: server.url) { lab in
                try await lab.ready()
                let total = 20_000
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    tasks.addTask {
                        for portion in stride(from: 0, to: total, by: 50) {
                            try await server.publish((portion..<portion + 50).map(String.init), on: Self.channel)
                        }
                    }
                    for round in 1...5 {
                        try await lab.ready(round)
                        try await server.command("CLIENT", "KILL", "TYPE", "pubsub")
                    }
                    try await tasks.waitForAll()
                }
                try await lab.ready(6)
                try #require(await eventually { lab.record.windows.count == 5 })
                // Behind everything else: what has not arrived when this one has is lost, and not on its way.
                try await server.publish(["\(total)"], on: Self.channel)
                try #require(await eventually { lab.record.payloads.last == "\(total)" })
                let received = lab.record.payloads.dropLast().compactMap(Int.init)
                let lost = total - Set(received).count
                let bounds = lab.record.windows.compactMap { window -> UInt64? in
                    if case .atMost(let count) = window.missed { count } else { nil }
                }
                figure("kills under load: lost \(lost) of \(total), reported", "\(bounds)", "")
                #expect(bounds.count == 5)
                // Only this channel is published to, but for our own probes: one a window may be counted with the rest.
                let bound = Int(bounds.reduce(0, +))
                #expect(lost <= bound && bound <= lost + bounds.count)
                #expect(received == received.sorted())
            }
        }
    }
}
