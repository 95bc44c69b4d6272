import NIOCore
import NIOPosix

/// Enough of a Redis server for a subscriber: greets, subscribes, answers PING, delivers what is published to it, and
/// on request either delivers nothing at all any more or floods a channel faster than a real server could.
package final class FakeRedisServer: Sendable {
    /// The port on 127.0.0.1.
    package let port: UInt16

    private let listener: any Channel
    private let hub: NIOLoopBoundBox<FakeRedisHub>

    /// `redis://127.0.0.1:<port>`
    package var url: String { "redis://127.0.0.1:\(self.port)" }

    fileprivate init(listener: any Channel, hub: NIOLoopBoundBox<FakeRedisHub>) {
        self.listener = listener
        self.hub = hub
        self.port = UInt16(listener.localAddress?.port ?? 0)
    }

    /// From now on every command is answered, PING and SUBSCRIBE too, but no message is delivered: what a demoted
    /// master or a wrong ACL looks like.
    package func goDeaf() async throws { try await self.onHub { $0.isDeaf = true } }

    /// Delivers again, what is published from now on.
    package func hear() async throws { try await self.onHub { $0.isDeaf = false } }

    /// How many connections are subscribed to the channel.
    package func subscriberCount(of channel: String) async throws -> Int {
        try await self.onHub { $0.subscribers(of: channel).count }
    }

    /// Closes every connection.
    package func disconnectAll() async throws {
        let connections = try await self.onHub { Array($0.connections.values) }
        for connection in connections { try? await connection.close() }
    }

    /// Sends prepared messages to everyone who is subscribed to the channel, as fast as they read.
    ///
    /// The frames are rendered once, in portions of about 1 MiB that are sent again and again.
    /// - Parameters:
    ///   - payloads: sent round and round.
    ///   - total: how many messages each subscriber gets.
    package func blast(_ payloads: [String], on channel: String, total: Int) async throws {
        let subscribers = try await self.onHub { $0.subscribers(of: channel) }
        let frames = payloads.map { FakeRedisHub.message($0, on: channel) }
        let roundSize = frames.reduce(0) { $0 + $1.readableBytes }
        let rounds = max(1, min((1 << 20) / max(1, roundSize), total / max(1, frames.count)))
        var portion = ByteBuffer()
        for _ in 0..<rounds { for frame in frames { portion.writeImmutableBuffer(frame) } }
        let perPortion = rounds * frames.count
        try await withThrowingTaskGroup(of: Void.self) { group in
            for subscriber in subscribers {
                group.addTask { [portion] in
                    for _ in 0..<(total / perPortion) { try await subscriber.writeAndFlush(portion) }
                    var rest = ByteBuffer()
                    for index in 0..<(total % perPortion) { rest.writeImmutableBuffer(frames[index % frames.count]) }
                    try await subscriber.writeAndFlush(rest)
                }
            }
            try await group.waitForAll()
        }
    }

    fileprivate func stop() async {
        try? await self.listener.close()
        try? await self.disconnectAll()
    }

    private func onHub<Value: Sendable>(_ body: @escaping @Sendable (inout FakeRedisHub) -> Value) async throws -> Value
    {
        let hub = self.hub
        return try await self.listener.eventLoop.submit { body(&hub.value) }.get()
    }
}

/// Runs a fake Redis server on a loopback port while `body` runs.
package func withFakeRedisServer<Result: Sendable>(
    _ body: (FakeRedisServer) async throws -> Result
) async throws -> Result {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let hub = try await loop.submit { NIOLoopBoundBox(FakeRedisHub(), eventLoop: loop) }.get()
    let listener = try await ServerBootstrap(group: loop)
        .serverChannelOption(.backlog, value: 128)
        .childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(FakeRedisConnection(hub: hub))
            }
        }
        .bind(host: "127.0.0.1", port: 0)
        .get()
    let server = FakeRedisServer(listener: listener, hub: hub)
    do {
        let result = try await body(server)
        await server.stop()
        return result
    } catch {
        await server.stop()
        throw error
    }
}
