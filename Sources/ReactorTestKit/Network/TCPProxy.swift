import NIOCore
import NIOPosix

/// Stands between a client and a server and does to the connection what networks do.
///
/// What is held back by `blackHole()` or `delay(by:)` is not lost but delivered later, as TCP does it.
package final class TCPProxy: Sendable {
    /// Where the proxy takes its connections.
    package enum Upstream: Sendable {
        case unix(String)
        case tcp(port: UInt16)
    }

    package enum Direction: Sendable, Hashable, CaseIterable {
        case toClient
        case toServer
    }

    /// The port on 127.0.0.1 that clients connect to.
    package let port: UInt16

    private let listener: any Channel
    private let state: NIOLoopBoundBox<ProxyState>

    /// `redis://127.0.0.1:<port>`
    package var url: String { "redis://127.0.0.1:\(self.port)" }

    fileprivate init(listener: any Channel, state: NIOLoopBoundBox<ProxyState>) {
        self.listener = listener
        self.state = state
        self.port = UInt16(listener.localAddress?.port ?? 0)
    }

    /// Nothing passes any more in these directions, neither bytes nor the end of the stream; connections stay open
    /// and new ones are accepted. Ends with `heal()`.
    package func blackHole(_ directions: Set<Direction> = Set(Direction.allCases)) async throws {
        try await self.change { $0.blocked = directions }
    }

    /// Ends black hole and delay; what was held back is delivered.
    package func heal() async throws {
        try await self.change {
            $0.blocked = []
            $0.latency = .zero
        }
    }

    /// Each piece takes this much longer, in both directions; the order is kept.
    package func delay(by latency: Duration) async throws {
        try await self.change { $0.latency = latency }
    }

    /// Closes the connection over which this many more bytes have passed in that direction; later connections are
    /// not affected.
    package func cut(after bytes: Int, _ direction: Direction = .toClient) async throws {
        try await self.change { $0.cut = (direction, bytes) }
    }

    /// Closes all connections now, with RST instead of FIN when asked.
    package func cutAll(reset: Bool = false) async throws {
        try await self.forEachLink { $0.close(reset: reset) }
    }

    /// Ends the stream in one direction only: the other side can still send.
    package func halfClose(_ direction: Direction) async throws {
        try await self.forEachLink { $0.end(direction) }
    }

    /// How many connections are open.
    package var connectionCount: Int {
        get async throws { try await self.look { $0.links.count } }
    }

    /// How many connections were ever accepted.
    package var acceptedCount: Int {
        get async throws { try await self.look { $0.accepted } }
    }

    fileprivate func stop() async {
        try? await self.listener.close()
        try? await self.cutAll()
    }

    /// Changes what the links obey, then lets each of them act on it.
    private func change(_ body: @escaping @Sendable (inout ProxyState) -> Void) async throws {
        let state = self.state
        try await self.listener.eventLoop.submit { body(&state.value) }.get()
        try await self.forEachLink { $0.pump() }
    }

    private func forEachLink(_ body: @escaping @Sendable (ProxyLink) -> Void) async throws {
        let state = self.state
        // Over a copy: links change the state while they act.
        try await self.listener.eventLoop.submit { for link in Array(state.value.links.values) { body(link) } }.get()
    }

    private func look<Value: Sendable>(_ body: @escaping @Sendable (ProxyState) -> Value) async throws -> Value {
        let state = self.state
        return try await self.listener.eventLoop.submit { body(state.value) }.get()
    }
}

/// Runs a proxy in front of a server while `body` runs.
package func withTCPProxy<Result: Sendable>(
    to upstream: TCPProxy.Upstream,
    _ body: (TCPProxy) async throws -> Result
) async throws -> Result {
    // One loop for listener and links: they share their state without locks.
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let state = try await loop.submit { NIOLoopBoundBox(ProxyState(), eventLoop: loop) }.get()
    let listener = try await ServerBootstrap(group: loop)
        .serverChannelOption(.backlog, value: 128)
        .childChannelOption(.allowRemoteHalfClosure, value: true)
        .childChannelOption(.autoRead, value: false)
        .childChannelInitializer { client in ProxyLink.make(client: client, upstream: upstream, state: state) }
        .bind(host: "127.0.0.1", port: 0)
        .get()
    let proxy = TCPProxy(listener: listener, state: state)
    do {
        let result = try await body(proxy)
        await proxy.stop()
        return result
    } catch {
        await proxy.stop()
        throw error
    }
}
