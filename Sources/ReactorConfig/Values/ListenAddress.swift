/// Where the admin interface listens.
package enum ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// Port 0 lets the system choose one.
    case tcp(host: String, port: Int)
    /// The path of a socket.
    case unix(path: String)
    case off

    /// Reads `127.0.0.1:9464`, `[::1]:9464`, `:9464` (every interface), `unix:/run/aos-reactor.sock` or `off`.
    package init?(_ text: String) {
        if text == "off" {
            self = .off
            return
        }
        if text.utf8.starts(with: "unix:".utf8) {
            let path = String(text.dropFirst(5))
            // 107 bytes is what `sockaddr_un` holds on Linux beside the closing zero.
            guard path.utf8.first == UInt8(ascii: "/"), path.utf8.count <= 107 else { return nil }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard let port = UInt16(digits), digits.utf8.allSatisfy({ $0 != UInt8(ascii: "+") }) else { return nil }
        guard let host = Self.host(text[..<colon]) else { return nil }
        self = .tcp(host: host, port: Int(port))
    }

    private static func host(_ text: Substring) -> String? {
        if text.isEmpty { return "0.0.0.0" }
        if text.first == "[" {
            let inner = text.dropFirst().dropLast()
            guard text.last == "]", inner.contains(":") else { return nil }
            return String(inner)
        }
        let isName = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"): true
            default: false
            }
        }
        return isName ? String(text) : nil
    }

    /// Whether only programs on this machine can reach it.
    package var isLocal: Bool {
        switch self {
        case .off, .unix: true
        case .tcp(let host, _): host == "localhost" || host == "::1" || Self.isLoopback(host)
        }
    }

    /// `127.` and three numbers up to 255, written out: `127.example.org` is a name and not loopback.
    private static func isLoopback(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    package var description: String {
        switch self {
        case .off: "off"
        case .unix(let path): "unix:\(path)"
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }
}
