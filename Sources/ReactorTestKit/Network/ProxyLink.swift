import Glibc
import NIOCore
import NIOPosix

/// What a proxy does to its connections, and the connections themselves. Lives on one event loop.
struct ProxyState {
    var blocked: Set<TCPProxy.Direction> = []
    var latency = Duration.zero
    /// Close the link over which so many more bytes have passed.
    var cut: (direction: TCPProxy.Direction, bytes: Int)?
    var links: [ObjectIdentifier: ProxyLink] = [:]
    var accepted = 0
}

/// One connection of a client and the one that stands for it at the server.
final class ProxyLink {
    private let client: any Channel
    private let server: any Channel
    private let state: NIOLoopBoundBox<ProxyState>
    private var toClient: ProxyQueue
    private var toServer: ProxyQueue

    /// Connects to the server and ties the two together.
    static func make(
        client: any Channel,
        upstream: TCPProxy.Upstream,
        state: NIOLoopBoundBox<ProxyState>
    ) -> EventLoopFuture<Void> {
        let bootstrap = ClientBootstrap(group: client.eventLoop)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.autoRead, value: false)
        let connecting =
            switch upstream {
            case .unix(let path): bootstrap.connect(unixDomainSocketPath: path)
            case .tcp(let port): bootstrap.connect(host: "127.0.0.1", port: Int(port))
            }
        return connecting.flatMapThrowing { server in
            let link = ProxyLink(client: client, server: server, state: state)
            try client.pipeline.syncOperations.addHandler(ProxyReader(link: link, direction: .toServer))
            try server.pipeline.syncOperations.addHandler(ProxyReader(link: link, direction: .toClient))
            state.value.links[ObjectIdentifier(link)] = link
            state.value.accepted += 1
            for channel in [client, server] {
                channel.setOption(.autoRead, value: true).whenFailure { _ in channel.close(promise: nil) }
            }
        }
    }

    private init(client: any Channel, server: any Channel, state: NIOLoopBoundBox<ProxyState>) {
        self.client = client
        self.server = server
        self.state = state
        self.toClient = ProxyQueue()
        self.toServer = ProxyQueue()
    }

    /// Something came in that is to be passed on.
    func take(_ piece: ProxyQueue.Piece, _ direction: TCPProxy.Direction) {
        let due = NIODeadline.now() + TimeAmount(self.state.value.latency)
        self.change(direction) { $0.append(piece, due: due) }
        self.pump()
        self.throttle(direction)
    }

    /// Ends the stream in one direction, behind what is still queued.
    func end(_ direction: TCPProxy.Direction) {
        self.change(direction) { $0.append(.end, due: .now()) }
        self.pump()
    }

    /// Passes on what is due and not held back.
    func pump() {
        for direction in TCPProxy.Direction.allCases { self.pump(direction) }
    }

    func close(reset: Bool) {
        for channel in [self.client, self.server] {
            if reset, let socket = channel as? any SocketOptionProvider {
                // With a linger time of zero the kernel sends RST.
                socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in channel.close(promise: nil) }
            } else {
                channel.close(promise: nil)
            }
        }
        self.state.value.links[ObjectIdentifier(self)] = nil
    }

    private func pump(_ direction: TCPProxy.Direction) {
        guard !self.state.value.blocked.contains(direction) else { return }
        let target = direction == .toClient ? self.client : self.server
        while let piece = self.change(direction, { $0.next(now: .now()) }) {
            switch piece {
            case .bytes(let buffer): self.pass(buffer, direction, to: target)
            case .end: target.close(mode: .output, promise: nil)
            case .close: self.close(reset: false)
            }
        }
        if let due = self.change(direction, { $0.nextDue }), due > .now() {
            let link = NIOLoopBound(self, eventLoop: target.eventLoop)
            target.eventLoop.scheduleTask(deadline: due) { link.value.pump() }
        }
        self.throttle(direction)
    }

    private func pass(_ buffer: ByteBuffer, _ direction: TCPProxy.Direction, to target: any Channel) {
        guard let cut = self.state.value.cut, cut.direction == direction else {
            target.writeAndFlush(buffer, promise: nil)
            return
        }
        guard buffer.readableBytes >= cut.bytes else {
            self.state.value.cut?.bytes -= buffer.readableBytes
            target.writeAndFlush(buffer, promise: nil)
            return
        }
        self.state.value.cut = nil
        let link = NIOLoopBound(self, eventLoop: target.eventLoop)
        target.writeAndFlush(buffer.getSlice(at: buffer.readerIndex, length: cut.bytes) ?? ByteBuffer())
            .whenComplete { _ in link.value.close(reset: false) }
    }

    /// Reads no further while much is waiting, so that a stalled client stalls the server as it would directly.
    private func throttle(_ direction: TCPProxy.Direction) {
        let source = direction == .toClient ? self.server : self.client
        let target = direction == .toClient ? self.client : self.server
        let changed = self.change(direction) { queue -> Bool? in
            let reads = queue.bytes < 256 * 1024 && target.isWritable
            guard reads != queue.reads else { return nil }
            queue.reads = reads
            return reads
        }
        // A failure means that the connection is closed.
        if let reads = changed { source.setOption(.autoRead, value: reads).whenFailure { _ in } }
    }

    @discardableResult
    private func change<Result>(_ direction: TCPProxy.Direction, _ body: (inout ProxyQueue) -> Result) -> Result {
        direction == .toClient ? body(&self.toClient) : body(&self.toServer)
    }
}

/// What waits to be passed on in one direction.
struct ProxyQueue {
    enum Piece {
        case bytes(ByteBuffer)
        /// The sender sends nothing more.
        case end
        /// The sender is gone.
        case close
    }

    private var pieces: CircularBuffer<(piece: Piece, due: NIODeadline)> = []
    private(set) var bytes = 0
    /// Whether the side that fills this queue is read.
    var reads = true

    var nextDue: NIODeadline? { self.pieces.first?.due }

    mutating func append(_ piece: Piece, due: NIODeadline) {
        if case .bytes(let buffer) = piece { self.bytes += buffer.readableBytes }
        self.pieces.append((piece, due))
    }

    mutating func next(now: NIODeadline) -> Piece? {
        guard let first = self.pieces.first, first.due <= now else { return nil }
        self.pieces.removeFirst()
        if case .bytes(let buffer) = first.piece { self.bytes -= buffer.readableBytes }
        return first.piece
    }
}

/// Hands what one side sends to the link.
private final class ProxyReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let link: ProxyLink
    private let direction: TCPProxy.Direction

    init(link: ProxyLink, direction: TCPProxy.Direction) {
        self.link = link
        self.direction = direction
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.link.take(.bytes(self.unwrapInboundIn(data)), self.direction)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { self.link.take(.end, self.direction) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.link.pump()
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.link.take(.close, self.direction)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A connection that fails is closed; `channelInactive` tells the link.
        context.close(promise: nil)
    }
}
