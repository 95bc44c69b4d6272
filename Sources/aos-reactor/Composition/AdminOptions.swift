import AdminAPI
import ArgumentParser
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Reactions
import ReactorConfig

/// Which running reactor a verb asks: `--url`, else the address that the configuration listens on; and with which token:
/// `REACTOR_HTTP_TOKEN`, else the configuration's.
struct AdminOptions: ParsableArguments {
    @Option(help: "Admin interface: http://HOST:PORT or unix:PATH (default: from the configuration).")
    var url: String?

    @OptionGroup var settings: SettingsOptions

    /// Gives up at once where nobody listens: who asks how a reactor is wants to know that it is not there. Lives as
    /// long as the program.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration.singletonConfiguration
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    private struct Base {
        /// The beginning of the URLs to ask.
        var url: String
        /// The address as people write it.
        var shown: String
        var token: Secret?
    }

    private func base() throws -> Base {
        let token = ProcessEnvironment.text("REACTOR_HTTP_TOKEN").map { Secret($0) }
        if let url {
            // The token of the configuration is not for whoever the flag names.
            let base = url.hasPrefix("unix:") ? Self.unixURL(String(url.dropFirst(5))) : url
            return Base(url: base, shown: url, token: token)
        }
        let http = try self.settings.loadOrExit().http
        let listen = http.listen
        switch listen {
        case .tcp(let host, let port):
            let name = host == "0.0.0.0" ? "127.0.0.1" : host.contains(":") ? "[\(host)]" : host
            let url = "http://\(name):\(port)"
            return Base(url: url, shown: url, token: token ?? http.token)
        case .unix(let path): return Base(url: Self.unixURL(path), shown: "\(listen)", token: token ?? http.token)
        case .off:
            Terminal.standardError.print("error: the admin interface is off (http.listen)")
            throw ExitCode.unavailable
        }
    }

    /// The form in which the HTTP client takes the path of a socket.
    private static func unixURL(_ path: String) -> String {
        "http+unix://" + path.utf8.map { $0 == UInt8(ascii: "/") ? "%2F" : String(UnicodeScalar($0)) }.joined()
    }

    /// Asks the running reactor; ends the program with 69 when there is none.
    func get(_ route: AdminRoute, query: String = "") async throws -> HTTPClientResponse {
        try await self.execute("GET", route.path + query, body: nil)
    }

    /// The same, and reads the answer.
    func get<Answer: Decodable>(_ route: AdminRoute, as type: Answer.Type, query: String = "") async throws -> Answer {
        let response = try await self.get(route, query: query)
        return try await self.read(response, as: type, from: route.path)
    }

    private func execute(_ method: String, _ path: String, body: [UInt8]?) async throws -> HTTPClientResponse {
        let address = try self.base()
        var request = HTTPClientRequest(url: address.url + path)
        request.method = HTTPMethod(rawValue: method)
        if let token = address.token { request.headers.add(name: "authorization", value: "Bearer \(token.exposed)") }
        request.headers.add(name: "x-actor", value: Person.name)
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(body)
        }
        do {
            // A test of receivers takes as long as they do.
            return try await Self.client.execute(request, deadline: .now() + .seconds(30))
        } catch {
            Terminal.standardError.print("error: no reactor answers at \(address.shown): \(error)")
            throw ExitCode.unavailable
        }
    }

    private func read<Answer: Decodable>(
        _ response: HTTPClientResponse,
        as type: Answer.Type,
        from path: String
    ) async throws -> Answer {
        let body = try await self.collect(response)
        do {
            return try AdminJSON.decode(type, from: .init(body))
        } catch {
            let address = try self.base().shown
            let answer = "\(path) with status \(response.status.code) and something that no reactor says"
            Terminal.standardError.print("error: \(address) answers \(answer)")
            throw ExitCode.unavailable
        }
    }

    private func collect(_ response: HTTPClientResponse) async throws -> [UInt8] {
        do {
            return Array(try await response.body.collect(upTo: 64 << 20).readableBytesView)
        } catch {
            Terminal.standardError.print("error: the reactor has gone: \(error)")
            throw ExitCode.unavailable
        }
    }
}

// MARK: - Questions that may be refused

/// An answer, as it came and as it is read.
struct AdminAnswer<Value> {
    var value: Value
    var bytes: [UInt8]
}

extension AdminOptions {
    /// Asks, and reads the answer. What is refused is shown, and ends the program: with 64 for what was asked wrongly, 1
    /// for what is not there or cannot be done any more, 69 for a reactor that cannot answer.
    func ask<Answer: Decodable>(
        _ path: String,
        by method: String = "GET",
        query: [(name: String, value: String?)] = [],
        body: (any Encodable)? = nil,
        as type: Answer.Type
    ) async throws -> AdminAnswer<Answer> {
        guard
            let answer = try await self.askForOne(
                method,
                path,
                query: query,
                body: body,
                as: type,
                isMissing: { false }
            )
        else { throw ExitCode.findings }
        return answer
    }

    /// The same; nil when there is none of that id, and nothing is shown then.
    func find<Answer: Decodable>(_ path: String, as type: Answer.Type) async throws -> AdminAnswer<Answer>? {
        try await self.askForOne("GET", path, query: [], body: nil, as: type, isMissing: { true })
    }

    /// The same; nil as well when the reactor cannot answer this.
    func findQuietly<Answer: Decodable>(_ path: String, as type: Answer.Type) async throws -> Answer? {
        let response = try await self.execute("GET", path, body: nil)
        guard response.status.code < 300 else { return nil }
        return try await self.read(response, as: type, from: path)
    }

    private func askForOne<Answer: Decodable>(
        _ method: String,
        _ path: String,
        query: [(name: String, value: String?)],
        body: (any Encodable)?,
        as type: Answer.Type,
        isMissing: () -> Bool
    ) async throws -> AdminAnswer<Answer>? {
        let given = query.compactMap { item in item.value.map { "\(item.name)=\(URLText.escape($0))" } }
        let whole = path + (given.isEmpty ? "" : "?" + given.joined(separator: "&"))
        let bytes = try body.map { Array(try AdminJSON.encode($0)) }
        let response = try await self.execute(method, whole, body: bytes)
        guard response.status.code < 300 else {
            let problem = try await self.read(response, as: Problem.self, from: path)
            if problem.status == 404, isMissing() { return nil }
            throw Self.refuse(problem)
        }
        let answer = try await self.collect(response)
        do {
            return AdminAnswer(value: try AdminJSON.decode(type, from: .init(answer)), bytes: answer)
        } catch {
            Terminal.standardError.print("error: \(path) answers something that this program does not know")
            throw ExitCode.unavailable
        }
    }

    private static func refuse(_ problem: Problem) -> ExitCode {
        for line in problem.errors?.map(\.detail) ?? [problem.detail] { Terminal.standardError.print("error: \(line)") }
        return switch problem.status {
        case 404, 409: .findings
        case 400, 413, 415: .usage
        default: .unavailable
        }
    }
}

/// Text in URLs.
enum URLText {
    /// With everything but plain letters, digits, `.`, `-` and `_` percent-encoded.
    static func escape(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                String(UnicodeScalar(byte))
            default:
                "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}
