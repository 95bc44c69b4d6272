import NIOCore

/// Who is connected to a fake server and subscribed to what. Lives on one event loop.
struct FakeRedisHub {
    var isDeaf = false
    private(set) var connections: [ObjectIdentifier: any Channel] = [:]
    private var subscriptions: [String: [ObjectIdentifier]] = [:]

    mutating func add(_ connection: any Channel) {
        self.connections[ObjectIdentifier(connection)] = connection
    }

    mutating func remove(_ connection: any Channel) {
        self.connections[ObjectIdentifier(connection)] = nil
        for name in self.subscriptions.keys {
            self.subscriptions[name]?.removeAll { $0 == ObjectIdentifier(connection) }
        }
    }

    mutating func subscribe(_ connection: any Channel, to name: String) {
        self.unsubscribe(connection, from: name)
        self.subscriptions[name, default: []].append(ObjectIdentifier(connection))
    }

    mutating func unsubscribe(_ connection: any Channel, from name: String) {
        self.subscriptions[name]?.removeAll { $0 == ObjectIdentifier(connection) }
    }

    func subscribers(of name: String) -> [any Channel] {
        (self.subscriptions[name] ?? []).compactMap { self.connections[$0] }
    }

    func subscriptionCount(_ connection: any Channel) -> Int {
        self.subscriptions.values.count { $0.contains(ObjectIdentifier(connection)) }
    }

    /// Delivers to all subscribers, unless the server is deaf; returns how many there are either way, as Redis does.
    func publish(_ payload: String, on name: String) -> Int {
        let subscribers = self.subscribers(of: name)
        if !self.isDeaf {
            let frame = Self.message(payload, on: name)
            for subscriber in subscribers { subscriber.writeAndFlush(frame, promise: nil) }
        }
        return subscribers.count
    }

    static func message(_ payload: String, on name: String) -> ByteBuffer {
        ByteBuffer(
            string: "*3\r\n$7\r\nmessage\r\n$\(name.utf8.count)\r\n\(name)\r\n$\(payload.utf8.count)\r\n\(payload)\r\n"
        )
    }
}

/// One connection to a fake server: reads commands, answers them.
final class FakeRedisConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let hub: NIOLoopBoundBox<FakeRedisHub>
    private var parser = RedisReplyParser()

    init(hub: NIOLoopBoundBox<FakeRedisHub>) { self.hub = hub }

    func channelActive(context: ChannelHandlerContext) {
        self.hub.value.add(context.channel)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.hub.value.remove(context.channel)
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.parser.append(self.unwrapInboundIn(data).readableBytesView)
        do {
            while let command = try self.parser.next() {
                guard case .array(let parts) = command else { continue }
                let answer = self.answer(parts.compactMap(\.text), context.channel)
                context.write(self.wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
            }
            context.flush()
        } catch {
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The client went away in the middle of something.
        context.close(promise: nil)
    }

    private func answer(_ command: [String], _ connection: any Channel) -> String {
        let arguments = command.dropFirst()
        switch command.first?.uppercased() {
        case "SUBSCRIBE":
            return arguments.map { self.subscribe(connection, to: $0) }.joined()
        case "UNSUBSCRIBE":
            return arguments.map { self.unsubscribe(connection, from: $0) }.joined()
        case "PING":
            let subscribed = self.hub.value.subscriptionCount(connection) > 0
            let text = arguments.first ?? ""
            if subscribed { return "*2\r\n$4\r\npong\r\n\(Self.bulk(text))" }
            return arguments.isEmpty ? "+PONG\r\n" : Self.bulk(text)
        case "PUBLISH":
            guard arguments.count == 2 else { return "-ERR wrong number of arguments for 'publish' command\r\n" }
            return ":\(self.hub.value.publish(command[2], on: command[1]))\r\n"
        case "CLIENT", "AUTH", "SELECT", "READONLY":
            return "+OK\r\n"
        case "INFO":
            return Self.bulk("# Server\r\nredis_version:7.0.15\r\nrole:master\r\n")
        case "CONFIG", "ACL":
            return "*0\r\n"
        default:
            return "-ERR unknown command '\(command.first ?? "")'\r\n"
        }
    }

    private func subscribe(_ connection: any Channel, to name: String) -> String {
        self.hub.value.subscribe(connection, to: name)
        let count = self.hub.value.subscriptionCount(connection)
        return "*3\r\n$9\r\nsubscribe\r\n\(Self.bulk(name)):\(count)\r\n"
    }

    private func unsubscribe(_ connection: any Channel, from name: String) -> String {
        self.hub.value.unsubscribe(connection, from: name)
        let count = self.hub.value.subscriptionCount(connection)
        return "*3\r\n$11\r\nunsubscribe\r\n\(Self.bulk(name)):\(count)\r\n"
    }

    private static func bulk(_ text: String) -> String { "$\(text.utf8.count)\r\n\(text)\r\n" }
}
