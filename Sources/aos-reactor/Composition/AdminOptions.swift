import AdminAPI
import ArgumentParser
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import ReactorConfig

/// Which running reactor a verb asks: `--url`, else the address that the configuration listens on.
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

    /// The beginning of the URLs to ask, and the address as people write it.
    private func base() throws -> (url: String, shown: String) {
        if let url {
            return (url.hasPrefix("unix:") ? Self.unixURL(String(url.dropFirst(5))) : url, url)
        }
        let listen = try self.settings.loadOrExit().http.listen
        switch listen {
        case .tcp(let host, let port):
            let name = host == "0.0.0.0" ? "127.0.0.1" : host.contains(":") ? "[\(host)]" : host
            return ("http://\(name):\(port)", "http://\(name):\(port)")
        case .unix(let path): return (Self.unixURL(path), "\(listen)")
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
        let address = try self.base()
        do {
            let request = HTTPClientRequest(url: address.url + route.path + query)
            return try await Self.client.execute(request, deadline: .now() + .seconds(10))
        } catch {
            Terminal.standardError.print("error: no reactor answers at \(address.shown): \(error)")
            throw ExitCode.unavailable
        }
    }

    /// The same, and reads the answer.
    func get<Answer: Decodable>(_ route: AdminRoute, as type: Answer.Type, query: String = "") async throws -> Answer {
        let response = try await self.get(route, query: query)
        do {
            let body = try await response.body.collect(upTo: 64 << 20)
            return try AdminJSON.decode(type, from: .init(body.readableBytesView))
        } catch {
            let address = try self.base().shown
            let answer = "\(route.path) with status \(response.status.code) and something that no reactor says"
            Terminal.standardError.print("error: \(address) answers \(answer)")
            throw ExitCode.unavailable
        }
    }
}
