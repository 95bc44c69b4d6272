import Glibc

/// What the admin interface is bound to.
package enum BoundAddress: Sendable, Hashable, CustomStringConvertible {
    /// Port 0 lets the kernel choose.
    case tcp(host: String, port: Int)
    case unix(path: String)

    /// The default. 9464 is the port that Prometheus exporters of OpenTelemetry use.
    package static let standard = BoundAddress.tcp(host: "127.0.0.1", port: 9_464)

    package var description: String {
        switch self {
        case .tcp(let host, let port): host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// Whether only this machine can reach it.
    var isLocal: Bool {
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
