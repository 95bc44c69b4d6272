/// Where a Redis server is and how to enter it.
///
/// Written as `redis://[user:password@]host[:port][/database]`, the same with `rediss://` for TLS (the certificate and
/// its host name are always verified), or `unix://[user:password@]/path/to/socket[?db=N]`. User and password are
/// percent-decoded; raw `@ : / ? # %` are taken as they are where the URL can be read in one way only.
package struct RedisEndpoint: Sendable, Hashable {
    package enum Address: Sendable, Hashable {
        case tcp(host: String, port: Int)
        case unix(path: String)
    }

    package let address: Address

    /// ACL user; nil means the server's `default` user.
    package let user: String?

    /// Nil when the server is entered without `AUTH`.
    package let password: RedisPassword?

    /// Number of the database that is selected after connecting.
    package let database: Int

    /// Whether the connection is encrypted (`rediss://`).
    package let usesTLS: Bool

    /// PEM file with the authorities that may have signed the server's certificate; nil means the system's.
    package let caFile: String?

    /// Reads a URL.
    ///
    /// - Throws: `RedisURLError`, naming the part that is wrong and what is allowed there.
    package init(url: String, caFile: String? = nil) throws(RedisURLError) {
        var parser = RedisURLParser(url: url)
        let parts = try parser.parse()
        if caFile != nil && !parts.usesTLS {
            throw RedisURLError(
                .certificateFile,
                "a CA file is given but the URL is not rediss://; use rediss:// or leave the CA file out"
            )
        }
        self.init(parts, caFile: caFile)
    }

    init(_ parts: RedisURLParser.Parts, caFile: String?) {
        self.address = parts.address
        self.user = parts.user
        self.password = parts.password
        self.database = parts.database
        self.usesTLS = parts.usesTLS
        self.caFile = caFile
    }

    /// The port that Redis listens on by default.
    package static let defaultPort = 6_379
}

extension RedisEndpoint: CustomStringConvertible, CustomDebugStringConvertible {
    /// The URL with `***` in the place of the password.
    package var description: String {
        let credentials =
            self.password == nil ? "" : "\(self.user ?? ""):***@"
        switch self.address {
        case .tcp(let host, let port):
            let scheme = self.usesTLS ? "rediss" : "redis"
            let shown = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
            return "\(scheme)://\(credentials)\(shown):\(port)/\(self.database)"
        case .unix(let path):
            return "unix://\(credentials)\(path)" + (self.database == 0 ? "" : "?db=\(self.database)")
        }
    }

    package var debugDescription: String { self.description }
}
