import Glibc

/// Where the admin interface listens: `127.0.0.1:9464`, `[::1]:9464`, `localhost:9464` or `unix:/run/aos-reactor.sock`.
package enum ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// Port 0 lets the kernel choose.
    case tcp(host: String, port: Int)
    case unix(path: String)

    /// The default. 9464 is the port that Prometheus exporters of OpenTelemetry use.
    package static let standard = ListenAddress.tcp(host: "127.0.0.1", port: 9_464)

    /// Reads an address as it stands in the configuration or on the command line.
    package init(_ text: String) throws(AdminServerError) {
        if text.utf8.starts(with: "unix:".utf8) {
            let path = String(text.dropFirst("unix:".count))
            guard path.utf8.first == UInt8(ascii: "/") else {
                throw .invalidAddress(text, "the path of a unix socket begins with a slash: unix:/run/aos-reactor.sock")
            }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw .invalidAddress(text, "write HOST:PORT, for example 127.0.0.1:9464, or unix:/PATH")
        }
        let host = text[..<colon]
        let isBracketed = host.first == "[" && host.last == "]"
        let name = isBracketed ? String(host.dropFirst().dropLast()) : String(host)
        guard !name.isEmpty, isBracketed || !name.utf8.contains(UInt8(ascii: ":")) else {
            throw .invalidAddress(text, "write an IPv6 address in brackets: [::1]:9464")
        }
        self = .tcp(host: name, port: Int(port))
    }

    package var description: String {
        switch self {
        case .tcp(let host, let port): host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// Whether only this machine can reach it.
    package var isLocal: Bool {
        switch self {
        case .unix: true
        case .tcp(let host, _): host == "localhost" || host == "::1" || Self.isLoopbackIPv4(host)
        }
    }

    private static func isLoopbackIPv4(_ host: String) -> Bool {
        var address = in_addr()
        return inet_pton(AF_INET, host, &address) == 1 && UInt32(bigEndian: address.s_addr) >> 24 == 127
    }
}
