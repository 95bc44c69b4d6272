/// Where a private server listens.
package struct RedisServerAddress: Sendable, Hashable {
    package let unixPath: String
    /// On 127.0.0.1; nil without TCP.
    package let port: UInt16?
    /// On 127.0.0.1; nil without TLS.
    package let tlsPort: UInt16?

    /// `unix:///…/redis.sock`
    package var url: String { "unix://\(self.unixPath)" }
    /// `redis://127.0.0.1:<port>`
    package var tcpURL: String? { self.port.map { "redis://127.0.0.1:\($0)" } }
    /// `rediss://127.0.0.1:<port>`
    package var tlsURL: String? { self.tlsPort.map { "rediss://127.0.0.1:\($0)" } }
}
