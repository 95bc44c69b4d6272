import NIOCore
import NIOPosix

/// A bare TCP client that reads what comes, piece by piece.
struct TestClient {
    private let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>

    static func with<Result: Sendable>(
        port: UInt16,
        _ body: (inout Connection) async throws -> Result
    ) async throws -> Result {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: "127.0.0.1", port: Int(port)) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(isOutboundHalfClosureEnabled: true)
                    )
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            var connection = Connection(inbound: inbound.makeAsyncIterator(), outbound: outbound)
            return try await body(&connection)
        }
    }

    struct Connection {
        var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
        let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>

        func send(_ text: String) async throws { try await self.outbound.write(ByteBuffer(string: text)) }

        /// What comes until `count` bytes are there or the stream ends.
        mutating func receive(_ count: Int) async throws -> String {
            var text = ByteBuffer()
            while text.readableBytes < count, var piece = try await self.inbound.next(isolation: #isolation) {
                text.writeBuffer(&piece)
            }
            return String(buffer: text)
        }
    }
}
