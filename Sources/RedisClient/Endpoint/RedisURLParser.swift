/// Reads Redis URLs, strictly on what they may hold and leniently on raw characters in passwords.
///
/// A password is full of characters that mean something in a URL. The last `@` ends the credentials, so that a raw
/// password may hold all of them; a URL whose beginning could also be a whole location (`redis://host:6379/0?x@y`) is
/// refused. Messages quote only what stands after the last `@`, so that no part of a password gets into a log.
struct RedisURLParser {
    struct Parts: Equatable {
        var address: RedisEndpoint.Address
        var user: String?
        var password: RedisPassword?
        var database = 0
        var usesTLS = false
    }

    private let url: [UInt8]

    init(url: String) {
        self.url = Array(url.utf8)
    }

    /// The URL's parts.
    mutating func parse() throws(RedisURLError) -> Parts {
        let (scheme, rest) = try self.splitScheme()
        switch scheme {
        case "redis": return try self.parseTCP(rest, usesTLS: false)
        case "rediss": return try self.parseTCP(rest, usesTLS: true)
        default: return try self.parseUnix(rest)
        }
    }

    private func splitScheme() throws(RedisURLError) -> (scheme: String, rest: ArraySlice<UInt8>) {
        let allowed = "allowed: redis://host:port/database, rediss://... (TLS), unix:///path/to/socket"
        let letters = self.url.prefix { byte in byte.isLetter }
        guard !letters.isEmpty, self.url[letters.endIndex...].starts(with: "://".utf8) else {
            throw RedisURLError(.scheme, "the Redis URL does not start with a scheme; \(allowed)")
        }
        let scheme = String(decoding: letters, as: UTF8.self).lowercased()
        guard ["redis", "rediss", "unix"].contains(scheme) else {
            throw RedisURLError(.scheme, "the Redis URL's scheme is \"\(scheme.prefix(16))\"; \(allowed)")
        }
        return (scheme, self.url[(letters.endIndex + 3)...])
    }

    // MARK: TCP

    /// Reads `[credentials@]host[:port][/database][?options]`.
    private func parseTCP(_ rest: ArraySlice<UInt8>, usesTLS: Bool) throws(RedisURLError) -> Parts {
        let at = rest.lastIndex(of: .at)
        if let at { try self.refuseAmbiguity(rest[..<at]) }
        let location = at.map { rest[($0 + 1)...] } ?? rest
        let hostEnd = location.firstIndex(where: \.endsHost) ?? location.endIndex
        // Without an @ a password may stand where the port should be: "redis://:password".
        let address = try self.readHostAndPort(location[..<hostEnd], quoting: at != nil)
        var parts = Parts(address: address, usesTLS: usesTLS)
        try self.readPathAndOptions(location[hostEnd...], into: &parts)
        try self.readCredentials(at.map { rest[..<$0] }, into: &parts)
        return parts
    }

    /// Refuses credentials that hold a raw `/ ? #` behind what could be the host and port of another reading.
    private func refuseAmbiguity(_ credentials: ArraySlice<UInt8>) throws(RedisURLError) {
        guard let delimiter = credentials.firstIndex(where: \.endsHost) else { return }
        let before = credentials[..<delimiter]
        let location = before.lastIndex(of: .at).map { before[($0 + 1)...] } ?? before
        guard (try? self.readHostAndPort(location, quoting: false)) != nil else { return }
        throw RedisURLError(
            .ambiguous,
            "the Redis URL can be read in two ways; write / ? # and @ in user and password as %2F %3F %23 %40"
        )
    }

    private func readHostAndPort(
        _ text: ArraySlice<UInt8>,
        quoting: Bool
    ) throws(RedisURLError) -> RedisEndpoint.Address {
        var host = text
        var port: ArraySlice<UInt8>?
        if text.first == .openBracket {
            guard let close = text.firstIndex(of: .closeBracket) else {
                throw RedisURLError(.host, "the IPv6 address in the Redis URL has no closing ]")
            }
            host = text[(text.startIndex + 1)..<close]
            let after = text[(close + 1)...]
            guard after.isEmpty || after.first == .colon else {
                throw RedisURLError(.host, "after the IPv6 address in the Redis URL only :port may follow")
            }
            port = after.isEmpty ? nil : after.dropFirst()
            guard !host.isEmpty, host.allSatisfy(\.isIPv6) else {
                throw RedisURLError(.host, "the brackets in the Redis URL do not hold an IPv6 address")
            }
        } else if let colon = text.lastIndex(of: .colon) {
            host = text[..<colon]
            port = text[(colon + 1)...]
        }
        guard !host.isEmpty else {
            throw RedisURLError(.host, "the Redis URL has no host; write redis://host:port")
        }
        guard text.first == .openBracket || host.allSatisfy(\.isHostName) else {
            throw RedisURLError(
                .host,
                "the host in the Redis URL may hold letters, digits, dots, - and _ (an IPv6 address stands in [ ])"
            )
        }
        return .tcp(host: String(decoding: host, as: UTF8.self), port: try self.readPort(port, quoting: quoting))
    }

    private func readPort(_ digits: ArraySlice<UInt8>?, quoting: Bool) throws(RedisURLError) -> Int {
        guard let digits else { return RedisEndpoint.defaultPort }
        if let port = Self.number(digits), (1...65_535).contains(port) { return port }
        let found = quoting ? "\"\(String(decoding: digits.prefix(16), as: UTF8.self))\"" : "not a port"
        throw RedisURLError(.port, "the port in the Redis URL is \(found); allowed: a number from 1 to 65535")
    }

    // MARK: Unix sockets

    private func parseUnix(_ rest: ArraySlice<UInt8>) throws(RedisURLError) -> Parts {
        var credentials: ArraySlice<UInt8>?
        var location = rest
        if rest.first != .slash {
            let ends = rest.indices.filter { rest[$0] == .at && $0 + 1 < rest.endIndex && rest[$0 + 1] == .slash }
            guard let end = ends.last else {
                throw RedisURLError(.path, "the path in the Redis URL must be absolute: unix:///path/to/socket")
            }
            guard ends.count == 1 else {
                throw RedisURLError(
                    .ambiguous,
                    "the Redis URL can be read in two ways; write @ in password and path as %40"
                )
            }
            credentials = rest[..<end]
            location = rest[(end + 1)...]
        }
        let pathEnd = location.firstIndex { byte in byte == .questionMark || byte == .hash } ?? location.endIndex
        let path = Self.percentDecoded(location[..<pathEnd])
        guard path.count > 1, path.allSatisfy(\.isPrintable) else {
            throw RedisURLError(.path, "the Redis URL names no socket file; write unix:///path/to/socket")
        }
        guard path.count <= Self.longestSocketPath else {
            throw RedisURLError(
                .path,
                "the socket path in the Redis URL has \(path.count) bytes; allowed: \(Self.longestSocketPath)"
            )
        }
        var parts = Parts(address: .unix(path: String(decoding: path, as: UTF8.self)))
        try self.readOptions(location[pathEnd...], into: &parts)
        try self.readCredentials(credentials, into: &parts)
        return parts
    }

    /// `sun_path` of `sockaddr_un` holds 108 bytes with the closing NUL.
    private static let longestSocketPath = 107

    // MARK: Credentials, database, options

    private func readCredentials(_ text: ArraySlice<UInt8>?, into parts: inout Parts) throws(RedisURLError) {
        guard let text else { return }
        guard let colon = text.firstIndex(of: .colon) else {
            // Some programs take this for a user, some for a password.
            throw RedisURLError(
                .credentials,
                "the Redis URL has something before @ but no colon in it; write redis://:password@host or "
                    + "redis://user:password@host"
            )
        }
        let user = Self.percentDecoded(text[..<colon])
        let password = Self.percentDecoded(text[(colon + 1)...])
        guard user.allSatisfy(\.isPrintable), !user.contains(.space) else {
            throw RedisURLError(.credentials, "the user name in the Redis URL holds a control character or a space")
        }
        guard !user.isEmpty || !password.isEmpty else { return }
        parts.user = user.isEmpty ? nil : String(decoding: user, as: UTF8.self)
        parts.password = RedisPassword(password)
    }

    private func readPathAndOptions(
        _ text: ArraySlice<UInt8>,
        into parts: inout Parts
    ) throws(RedisURLError) {
        guard text.first == .slash else { return try self.readOptions(text, into: &parts) }
        let end = text.firstIndex { $0 == .questionMark || $0 == .hash } ?? text.endIndex
        let digits = text[(text.startIndex + 1)..<end]
        if !digits.isEmpty { parts.database = try self.readDatabase(digits) }
        try self.readOptions(text[end...], into: &parts)
    }

    private func readOptions(
        _ text: ArraySlice<UInt8>,
        into parts: inout Parts
    ) throws(RedisURLError) {
        guard let first = text.first else { return }
        let allowed = "allowed after the ? of a Redis URL: db=NUMBER"
        guard first == .questionMark, !text.contains(.hash) else {
            throw RedisURLError(.option, "the Redis URL holds a fragment (#...); \(allowed)")
        }
        for option in text.dropFirst().split(separator: .ampersand) {
            guard option.starts(with: "db=".utf8) else {
                let name = String(decoding: option.prefix { $0 != .equals }.prefix(32), as: UTF8.self)
                throw RedisURLError(.option, "the Redis URL has the option \"\(name)\"; \(allowed)")
            }
            parts.database = try self.readDatabase(option.dropFirst(3))
        }
    }

    private func readDatabase(_ digits: ArraySlice<UInt8>) throws(RedisURLError) -> Int {
        // Redis itself counts databases in an int; its default is 16 of them.
        if let number = Self.number(digits), number <= Int(Int32.max) { return number }
        let found = String(decoding: digits.prefix(16), as: UTF8.self)
        throw RedisURLError(.database, "the database in the Redis URL is \"\(found)\"; allowed: 0, 1, 2, ...")
    }

    // MARK: Characters

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard (1...10).contains(digits.count), digits.allSatisfy(\.isDigit) else { return nil }
        return digits.reduce(0) { value, digit in value * 10 + Int(digit - UInt8(ascii: "0")) }
    }

    /// Replaces `%XX`; a `%` without two hexadecimal digits stands for itself.
    static func percentDecoded(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            if text[index] == .percent, index + 2 < text.endIndex,
                let high = text[index + 1].hexValue, let low = text[index + 2].hexValue
            {
                decoded.append(high << 4 | low)
                index += 3
            } else {
                decoded.append(text[index])
                index += 1
            }
        }
        return decoded
    }
}

extension UInt8 {
    fileprivate static let slash = UInt8(ascii: "/")
    fileprivate static let questionMark = UInt8(ascii: "?")
    fileprivate static let hash = UInt8(ascii: "#")
    fileprivate static let at = UInt8(ascii: "@")
    fileprivate static let colon = UInt8(ascii: ":")
    fileprivate static let percent = UInt8(ascii: "%")
    fileprivate static let ampersand = UInt8(ascii: "&")
    fileprivate static let equals = UInt8(ascii: "=")
    fileprivate static let space = UInt8(ascii: " ")
    fileprivate static let openBracket = UInt8(ascii: "[")
    fileprivate static let closeBracket = UInt8(ascii: "]")

    /// Whether the byte cannot be part of a host or port.
    fileprivate var endsHost: Bool { self == .slash || self == .questionMark || self == .hash }

    fileprivate var isDigit: Bool { self >= 0x30 && self <= 0x39 }

    fileprivate var isLetter: Bool { (self | 0x20) >= UInt8(ascii: "a") && (self | 0x20) <= UInt8(ascii: "z") }

    fileprivate var isPrintable: Bool { self >= 0x20 && self != 0x7F }

    fileprivate var isHostName: Bool {
        self.isDigit || self.isLetter || self >= 0x80 || [0x2D, 0x2E, 0x5F].contains(self)
    }

    fileprivate var isIPv6: Bool { self.hexValue != nil || [UInt8(ascii: ":"), UInt8(ascii: ".")].contains(self) }

    fileprivate var hexValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x37
        case 0x61...0x66: self - 0x57
        default: nil
        }
    }
}
