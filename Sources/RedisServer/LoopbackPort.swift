import Glibc

/// TCP ports on 127.0.0.1.
package enum LoopbackPort {
    /// A port that nobody listens on now, below the range from which the kernel takes ports for outgoing connections
    /// (32768 and up), so that it stays free while its server is down.
    package static func free() -> UInt16? {
        for _ in 0..<200 {
            let port = UInt16.random(in: 20_000..<30_000)
            if Self.isFree(port) { return port }
        }
        return nil
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
