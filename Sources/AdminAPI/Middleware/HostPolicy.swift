import Glibc
import Hummingbird

/// Which names a request may call this server by.
///
/// A web page that points its own name at 127.0.0.1 (DNS rebinding) reaches a local server, but cannot hide that name:
/// the browser sends it as `Host`, and as `Origin`. IP addresses and `localhost` are nobody's own name.
struct HostPolicy: Sendable {
    private let names: Set<String>

    init(names: Set<String>) {
        self.names = names.union(["localhost"])
    }

    func check(_ request: Request) throws(Problem) {
        // What is left among the fields after the first `Host` became the authority is a second one.
        guard let authority = request.head.authority, !Self.hasSecondHost(request) else {
            throw Problem(title: "Bad Request", status: 400, detail: "a request has exactly one Host header")
        }
        guard self.allows(authority: authority) else {
            throw Problem(
                title: "Misdirected Request",
                status: 421,
                detail: "this server does not answer to that Host; use its IP address, localhost or an allowed name"
            )
        }
        guard let origin = request.headers[.origin] else { return }
        guard let scheme = origin.firstRange(of: "://"), self.allows(authority: String(origin[scheme.upperBound...]))
        else {
            throw Problem(title: "Forbidden", status: 403, detail: "requests of other sites' pages are not answered")
        }
    }

    /// `authority` is `host`, `host:port`, `[v6]` or `[v6]:port`.
    func allows(authority: String) -> Bool {
        if authority.utf8.first == UInt8(ascii: "["), let end = authority.lastIndex(of: "]") {
            return Self.isAddress(String(authority[authority.index(after: authority.startIndex)..<end]), AF_INET6)
        }
        let host = String(authority.prefix { $0 != ":" }).lowercased()
        return self.names.contains(host) || Self.isAddress(host, AF_INET)
    }

    private static func hasSecondHost(_ request: Request) -> Bool {
        request.headers.contains { $0.name.canonicalName == "host" }
    }

    private static func isAddress(_ text: String, _ family: CInt) -> Bool {
        // Large enough for either family.
        var address = in6_addr()
        return inet_pton(family, text, &address) == 1
    }
}
