import AsyncHTTPClient
import EventPatterns
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
package import Reactions
import TLSFailures

/// Sends requests to receivers, and only there: each name is resolved here, all its addresses are judged, and the
/// connection goes to one of the very addresses that were judged, while the certificate and the `Host` header stay
/// those of the name. Redirects are answers like any other, and proxies of the environment are not asked.
///
/// Every request has a connection of its own. Alerts are few, and a connection that is kept would outlive the judgement
/// of its address.
package struct HTTPSender: Sendable {
    package struct Settings: Sendable {
        package var connectTimeout: Duration = .seconds(5)
        /// Resolving, connecting, sending and reading together.
        package var totalTimeout: Duration = .seconds(15)
        /// Bytes of an answer that are read; what is behind them is not waited for.
        package var maxAnswerBytes = 64 * 1024
        /// Addresses of one name that are tried.
        package var maxAddresses = 3
        /// A PEM file with the authorities to trust instead of the system's; nil for the system's.
        package var trustedAuthorities: String?
        package var userAgent = "aos-reactor"

        package init() {}
    }

    /// What became of a request.
    package enum Attempt: Sendable, Hashable {
        case answered(DeliveryAnswer)
        /// Nothing was sent, and no connection made.
        case refused(TargetRefusal)
        case failed(reason: String)
    }

    private let resolver: any HostResolver
    private let settings: Settings

    package init(resolver: any HostResolver = SystemResolver(), settings: Settings = Settings()) {
        self.resolver = resolver
        self.settings = settings
    }

    /// Sends one POST request. Throws only when the task is cancelled.
    package func post(
        _ request: DeliveryRequest,
        to url: TargetURL,
        policy: TargetPolicy
    ) async throws(CancellationError) -> Attempt {
        do {
            return try await withTimeLimit(self.settings.totalTimeout) { [self] in
                try await self.exchange(request, url, policy)
            }
        } catch let refusal as TargetRefusal {
            return .refused(refusal)
        } catch is TimeLimitExceeded {
            return .failed(reason: "no whole answer within \(self.settings.totalTimeout.inWords)")
        } catch {
            if Task.isCancelled { throw CancellationError() }
            return .failed(reason: Self.words(for: error))
        }
    }

    private func exchange(_ request: DeliveryRequest, _ url: TargetURL, _ policy: TargetPolicy) async throws -> Attempt
    {
        let addresses = try await self.addresses(url, policy)
        var failure: any Error = TargetRefusal(.unresolved, "the receiver has no address")
        for address in addresses.prefix(self.settings.maxAddresses) {
            do {
                return .answered(try await self.exchange(request, url, with: address))
            } catch {
                // Once connected, the request may have arrived: another address would be a second delivery.
                guard Self.isConnectFailure(error), !Task.isCancelled else { throw error }
                failure = error
            }
        }
        throw failure
    }

    private func addresses(_ url: TargetURL, _ policy: TargetPolicy) async throws -> [IPAddress] {
        try policy.check(url)
        switch url.host {
        case .address(let address):
            return [address]
        case .name(let name):
            let addresses: [IPAddress]
            do {
                addresses = try await self.resolver.addresses(of: name)
            } catch let error as ResolutionError {
                throw TargetRefusal(.unresolved, "\"\(name)\" cannot be resolved: \(error)")
            }
            try policy.check(addresses, of: name)
            return addresses
        }
    }

    private func exchange(
        _ request: DeliveryRequest,
        _ url: TargetURL,
        with address: IPAddress
    ) async throws -> DeliveryAnswer {
        let client = HTTPClient(
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton),
            configuration: try self.configuration(url, address)
        )
        let result: Result<DeliveryAnswer, any Error>
        do {
            result = .success(try await self.exchange(request, url, client))
        } catch {
            result = .failure(error)
        }
        try? await client.shutdown()
        return try result.get()
    }

    private func configuration(_ url: TargetURL, _ address: IPAddress) throws -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.proxy = nil
        configuration.decompression = .disabled
        configuration.httpVersion = .http1Only
        configuration.timeout.connect = TimeAmount(self.settings.connectTimeout)
        // When to try again is decided elsewhere, with the address judged anew.
        configuration.connectionPool.retryConnectionEstablishment = false
        if case .name(let name) = url.host { configuration.dnsOverride = [name: address.canonicalText] }
        var tls = TLSConfiguration.makeClientConfiguration()
        if let file = self.settings.trustedAuthorities { tls.trustRoots = .file(file) }
        configuration.tlsConfiguration = tls
        // Should the client ever connect to anything else than it was told, it says nothing there.
        let expected = try SocketAddress(ipAddress: address.canonicalText, port: url.port)
        configuration.http1_1ConnectionDebugInitializer = { channel in
            guard channel.remoteAddress == expected else { return channel.eventLoop.makeFailedFuture(UnexpectedPeer()) }
            return channel.eventLoop.makeSucceededVoidFuture()
        }
        return configuration
    }

    private func exchange(
        _ request: DeliveryRequest,
        _ url: TargetURL,
        _ client: HTTPClient
    ) async throws -> DeliveryAnswer {
        var message = HTTPClientRequest(url: url.exposed)
        message.method = .POST
        message.headers.add(name: "host", value: url.hostHeader)
        message.headers.add(name: "user-agent", value: self.settings.userAgent)
        for header in request.headers { message.headers.add(name: header.name, value: header.value) }
        message.body = .bytes(ByteBuffer(bytes: request.body))
        let response = try await client.execute(message, deadline: .now() + TimeAmount(self.settings.totalTimeout))
        var body: [UInt8] = []
        // The status decides; a body that breaks off or never ends takes nothing from it but its own text.
        do {
            for try await part in response.body {
                body += part.readableBytesView.prefix(self.settings.maxAnswerBytes - body.count)
                if body.count >= self.settings.maxAnswerBytes { break }
            }
        } catch {
            if Task.isCancelled || (200..<300).contains(response.status.code) { throw error }
        }
        return DeliveryAnswer(
            status: Int(response.status.code),
            retryAfter: response.headers.first(name: "retry-after"),
            body: body
        )
    }
}

// MARK: - Failures

/// The connection leads somewhere else than to the address that was judged.
private struct UnexpectedPeer: Error {}

extension HTTPSender {
    /// Whether nothing can have been sent.
    private static func isConnectFailure(_ error: any Error) -> Bool {
        switch error {
        case let error as HTTPClientError: error == .connectTimeout || error == .tlsHandshakeTimeout
        case let error as IOError: [ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL].contains(error.errnoCode)
        case is NIOConnectionError: true
        default: false
        }
    }

    /// In words that hold nothing of the receiver's address or answer.
    private static func words(for error: any Error) -> String {
        switch error {
        case let error as HTTPClientError where error == .deadlineExceeded: "no answer in time"
        case let error as HTTPClientError: error.shortDescription.lowercasedFirst
        case let error as IOError where error.errnoCode == ECONNREFUSED: "connection refused"
        case let error as IOError: "connection failed: \(String(cString: strerror(error.errnoCode)))"
        case is NIOConnectionError: "connection failed"
        case is UnexpectedPeer: "the connection leads to another address"
        default: TLSFailure.words(for: error).map { "TLS failed: \($0)" } ?? "failed: \(type(of: error))"
        }
    }
}

extension String {
    fileprivate var lowercasedFirst: String { self.prefix(1).lowercased() + self.dropFirst() }
}
