import Dispatch
import Glibc
package import RedisServer

/// A plain Redis client for tests, made of nothing that is under test: one connection a call, blocking, on a thread of
/// its own.
package struct RedisConsole: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// What a server answers.
    package indirect enum Reply: Sendable, Hashable {
        case simple(String)
        case error(String)
        case integer(Int)
        case bulk(String)
        case array([Reply])
        case null

        /// The text of a simple string, bulk string or error.
        package var text: String? {
            switch self {
            case .simple(let text), .bulk(let text), .error(let text): text
            case .integer, .array, .null: nil
            }
        }

        package var integer: Int? {
            guard case .integer(let value) = self else { return nil }
            return value
        }
    }

    private let path: String

    /// A console on a unix socket.
    package init(unixPath: String) { self.path = unixPath }

    /// Sends one command and returns its answer, which may be an error reply.
    package func send(_ command: String...) async throws -> Reply {
        try await self.send(commands: [command])[0]
    }

    /// Sends many commands at once and returns the answers in their order.
    package func send(commands: [[String]]) async throws -> [Reply] {
        let path = self.path
        return try await withCheckedThrowingContinuation { continuation in
            // Blocking calls do not belong on the threads that run tasks.
            DispatchQueue(label: "redis-console").async {
                continuation.resume(with: Result { try Self.talk(to: path, commands) })
            }
        }
    }

    private static func talk(to path: String, _ commands: [[String]]) throws -> [Reply] {
        let descriptor = try Self.connect(to: path)
        defer { close(descriptor) }
        var replies: [Reply] = []
        var parser = RedisReplyParser()
        var chunk = [UInt8](repeating: 0, count: 65_536)
        // In portions, so that neither side waits for the other with full buffers.
        for portion in stride(from: 0, to: commands.count, by: 500) {
            let part = commands[portion..<min(portion + 500, commands.count)]
            try Self.write(part.flatMap(Self.encode), to: descriptor)
            while replies.count < portion + part.count {
                if let reply = try parser.next() {
                    replies.append(reply)
                    continue
                }
                let count = recv(descriptor, &chunk, chunk.count, 0)
                guard count > 0 else { throw Failure(description: "no answer (errno \(errno))") }
                parser.append(chunk[..<count])
            }
        }
        return replies
    }

    private static func encode(_ command: [String]) -> [UInt8] {
        var bytes = Array("*\(command.count)\r\n".utf8)
        for part in command {
            bytes += Array("$\(part.utf8.count)\r\n".utf8)
            bytes += Array(part.utf8)
            bytes += Array("\r\n".utf8)
        }
        return bytes
    }

    private static func write(_ bytes: [UInt8], to descriptor: CInt) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            guard count > 0 else { throw Failure(description: "cannot write (errno \(errno))") }
            rest = rest.dropFirst(count)
        }
    }

    private static func connect(to path: String) throws -> CInt {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(description: "no socket (errno \(errno))") }
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8).prefix($0.count - 1)) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            close(descriptor)
            throw Failure(description: "cannot connect to \(path) (errno \(errno))")
        }
        return descriptor
    }
}

extension RedisServerProcess {
    /// A console on this server's unix socket.
    package var console: RedisConsole { RedisConsole(unixPath: self.address.unixPath) }

    /// Sends one command to the server: `try await server.command("CLIENT", "KILL", "TYPE", "pubsub")`.
    @discardableResult
    package func command(_ parts: String...) async throws -> RedisConsole.Reply {
        try await self.console.send(commands: [parts])[0]
    }

    /// Publishes the messages in their order on one connection; returns how many subscribers each reached.
    @discardableResult
    package func publish(_ messages: [String], on channel: String) async throws -> [Int] {
        try await self.console.send(commands: messages.map { ["PUBLISH", channel, $0] }).compactMap(\.integer)
    }

    /// How many clients are subscribed to the channel by its name.
    package func subscriberCount(of channel: String) async throws -> Int {
        guard case .array(let parts) = try await self.command("PUBSUB", "NUMSUB", channel) else { return 0 }
        return parts.last?.integer ?? 0
    }
}
