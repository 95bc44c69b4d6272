import Glibc

/// Asks the server on a unix socket whether it serves, without blocking the thread.
enum RedisProbe {
    /// Returns once the server answers PING; any answer other than "still loading" counts, for a server that asks for
    /// a password refuses PING but serves.
    /// - Throws: `CancellationError`.
    static func waitUntilServing(socket path: String) async throws {
        while !(await Self.answers(socket: path)) {
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    private static func answers(socket path: String) async -> Bool {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard Self.connect(descriptor, to: path) else { return false }
        let ping: [UInt8] = Array("PING\r\n".utf8)
        guard send(descriptor, ping, ping.count, CInt(MSG_NOSIGNAL)) == ping.count else { return false }
        var answer = [UInt8](repeating: 0, count: 64)
        // A second is plenty on a unix socket; a server that is stopped or busy loading is asked again.
        for _ in 0..<500 {
            let count = recv(descriptor, &answer, answer.count, 0)
            if count > 0 { return !answer[..<count].starts(with: "-LOADING".utf8) }
            guard count < 0, errno == EAGAIN || errno == EINTR else { return false }
            do { try await Task.sleep(for: .milliseconds(2)) } catch { return false }
        }
        return false
    }

    private static func connect(_ descriptor: CInt, to path: String) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }
}
