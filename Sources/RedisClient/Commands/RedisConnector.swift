import Glibc
package import NIOCore
import NIOPosix
import NIOSSL

/// Opens sockets to a server, with TLS where the endpoint asks for it.
///
/// SIGPIPE cannot end the process: NIO ignores the signal before it makes the first socket.
package struct RedisConnector: Sendable {
    /// Bytes that one read may bring. Larger buffers do not make reading cheaper, smaller ones do make it dearer.
    package static let receiveBufferBytes = 64 * 1_024

    private let endpoint: RedisEndpoint
    private let eventLoop: any EventLoop
    private let connectTimeout: Duration

    /// - Parameter connectTimeout: for name resolution and the TCP handshake together.
    package init(endpoint: RedisEndpoint, eventLoop: any EventLoop, connectTimeout: Duration = .seconds(2)) {
        self.endpoint = endpoint
        self.eventLoop = eventLoop
        self.connectTimeout = connectTimeout
    }

    /// Opens one connection.
    ///
    /// - Parameter configure: adds the handlers; called on the event loop before the channel is active, and for each
    ///   address that is tried: a name with several addresses makes several channels, of which only the returned one
    ///   lives on. With TLS the event `TLSUserEvent.handshakeCompleted` tells that the server is verified.
    /// - Throws: `RedisError` (`connectFailed`, `tlsFailed`).
    package func connect(
        _ configure: @escaping @Sendable (any Channel) throws -> Void
    ) async throws(RedisError) -> any Channel {
        do {
            // Loads the certificate authorities each time, so that a renewed file is taken; off the event loop.
            let tls = try self.makeTLSContext()
            let bootstrap = self.makeBootstrap(tls: tls, configure)
            return switch self.endpoint.address {
            case .tcp(let host, let port): try await bootstrap.connect(host: host, port: port).get()
            case .unix(let path): try await bootstrap.connect(unixDomainSocketPath: path).get()
            }
        } catch let error as RedisError {
            throw error
        } catch {
            throw RedisError(.connectFailed, "cannot connect to \(self.endpoint): \(Self.describe(error))")
        }
    }

    private func makeBootstrap(
        tls: NIOSSLContext?,
        _ configure: @escaping @Sendable (any Channel) throws -> Void
    ) -> ClientBootstrap {
        let endpoint = self.endpoint
        let bootstrap = ClientBootstrap(group: self.eventLoop)
            .connectTimeout(TimeAmount(self.connectTimeout))
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.receiveBufferBytes))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(Self.makeTLSHandler(tls, endpoint)) }
                    try configure(channel)
                }
            }
        guard case .tcp = endpoint.address else { return bootstrap }
        // Our own deadlines find a dead peer sooner; this is for connections that are idle: a minute of silence, then a
        // probe every ten seconds, and the end after three without an answer.
        return bootstrap.channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE)), value: 60)
            .channelOption(.tcpOption(.init(rawValue: TCP_KEEPINTVL)), value: 10)
            .channelOption(.tcpOption(.init(rawValue: TCP_KEEPCNT)), value: 3)
    }

    // MARK: TLS

    private func makeTLSContext() throws(RedisError) -> NIOSSLContext? {
        guard self.endpoint.usesTLS else { return nil }
        do {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.minimumTLSVersion = .tlsv12
            configuration.certificateVerification = .fullVerification
            if let file = self.endpoint.caFile { configuration.trustRoots = .file(file) }
            return try NIOSSLContext(configuration: configuration)
        } catch {
            let source = self.endpoint.caFile.map { "the CA file \($0)" } ?? "the system's certificate authorities"
            throw RedisError(.tlsFailed, "cannot use \(source): \(error)")
        }
    }

    private static func makeTLSHandler(
        _ context: NIOSSLContext,
        _ endpoint: RedisEndpoint
    ) throws -> NIOSSLClientHandler {
        guard case .tcp(let host, _) = endpoint.address else {
            preconditionFailure("TLS is only read from rediss:// URLs, which have a host")
        }
        // An address is no server name: without one NIOSSL verifies the address against the certificate.
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host)
    }

    // MARK: Errors

    private static func describe(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            if let lookup = error.dnsAError ?? error.dnsAAAAError, error.connectionErrors.isEmpty {
                return "the name is not known (\(lookup))"
            }
            return error.connectionErrors.map { Self.describe($0.error) }.first ?? "no address"
        case let error as IOError:
            return String(cString: strerror(error.errnoCode))
        case ChannelError.connectTimeout:
            return "no answer in time"
        default:
            return "\(error)"
        }
    }
}
