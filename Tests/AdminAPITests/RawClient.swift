import Dispatch
import Glibc
import Testing

@testable import AdminAPI

/// A client that sends bytes as they are and shows the bytes that come back. Nothing takes longer than a minute, which is
/// reached only when a test fails.
final class RawClient: Sendable {
    private let descriptor: Int32
    /// Reading blocks, and a thread of the shared pools that blocks is one that others wait for.
    private let queue = DispatchQueue(label: "raw-client")

    /// Nil when nobody answers.
    init?(_ address: BoundAddress) {
        switch address {
        case .tcp(_, let port):
            self.descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
            var target = sockaddr_in()
            target.sin_family = sa_family_t(AF_INET)
            target.sin_port = in_port_t(port).bigEndian
            target.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            guard Self.connect(self.descriptor, &target) else { return nil }
        case .unix(let path):
            self.descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
            var target = sockaddr_un()
            target.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &target.sun_path) { $0.copyBytes(from: path.utf8) }
            guard Self.connect(self.descriptor, &target) else { return nil }
        }
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(self.descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(self.descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    }

    private static func connect<Target>(_ descriptor: Int32, _ target: inout Target) -> Bool {
        withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Target>.size)) == 0
            }
        }
    }

    /// Sends the bytes; false when the server no longer takes them.
    func send(_ text: String) -> Bool {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes {
                Glibc.send(self.descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            bytes = bytes.dropFirst(count)
        }
        return true
    }

    /// Reads until `isEnough` or until the server closes.
    func read(until isEnough: @escaping @Sendable (String) -> Bool = { _ in false }) async -> String {
        await withCheckedContinuation { continuation in
            self.queue.async {
                var bytes: [UInt8] = []
                var buffer = [UInt8](repeating: 0, count: 65_536)
                while !isEnough(String(decoding: bytes, as: UTF8.self)) {
                    let count = recv(self.descriptor, &buffer, buffer.count, 0)
                    if count < 0, errno == EINTR { continue }
                    if count < 0, errno == EAGAIN { Issue.record("neither an answer nor the end within a minute") }
                    guard count > 0 else { break }
                    bytes += buffer[..<count]
                }
                continuation.resume(returning: String(decoding: bytes, as: UTF8.self))
            }
        }
    }

    /// Asks a path on a connection of its own, and gives the whole answer.
    static func get(_ path: String, of address: BoundAddress, head: String = "Host: localhost\r\n") async -> String? {
        guard let client = RawClient(address) else { return nil }
        guard client.send("GET \(path) HTTP/1.1\r\n\(head)Connection: close\r\n\r\n") else { return nil }
        return await client.read()
    }

    deinit { close(self.descriptor) }
}
