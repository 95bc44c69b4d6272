import EventPatterns

/// Why nothing is sent to an address. Never shows more of it than its host: paths and user names are secrets often.
package struct TargetRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable, CaseIterable {
        case badURL = "bad_url"
        case badScheme = "bad_scheme"
        case credentials
        case badHost = "bad_host"
        case badPort = "bad_port"
        /// The address is one of a network where receivers need `allow_private: true`.
        case forbiddenAddress = "forbidden_address"
        /// An IPv4 address in a form that readers take for different ones.
        case oddAddress = "odd_address"
        /// The name is one for such a network.
        case forbiddenName = "forbidden_name"
        case unresolved
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { self.message }
}

/// The address of a receiver, taken apart once, and put together again in one way only: every later reader sees the
/// same host, so none can be talked into another one.
package struct TargetURL: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    package static let maxBytes = 4 * 1024

    package let isSecure: Bool
    package let host: TargetHost
    package let port: Int
    /// Whether the host is an IPv4 address in another form than four decimal numbers: `127.1`, `0x7f000001`.
    package let isOddlyWritten: Bool
    /// Path and query as they go into the request line; kept from prints, for they are secrets often.
    private let tail: Secret

    package init(_ text: String) throws(TargetRefusal) {
        guard text.utf8.count <= Self.maxBytes else {
            throw TargetRefusal(.badURL, "the URL is longer than \(Self.maxBytes) bytes")
        }
        // Readers differ in what they make of blanks, control characters and backslashes: some drop them, some end
        // the host there.
        for scalar in text.unicodeScalars where scalar.value <= 0x20 || scalar.value == 0x7F || scalar == "\\" {
            throw TargetRefusal(.badURL, "the URL has a blank, a control character or a backslash in it")
        }
        guard let colon = text.range(of: "://") else {
            throw TargetRefusal(.badURL, "the URL has no scheme; it begins with https:// or http://")
        }
        switch text[..<colon.lowerBound].lowercased() {
        case "https": self.isSecure = true
        case "http": self.isSecure = false
        default:
            let scheme = String(text[..<colon.lowerBound])
            throw TargetRefusal(.badScheme, "the scheme \"\(scheme.shown)\" is not offered; there are https and http")
        }
        let rest = text[colon.upperBound...]
        let authorityEnd = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        let authority = rest[..<authorityEnd]
        guard !authority.utf8.contains(UInt8(ascii: "@")) else {
            throw TargetRefusal(
                .credentials,
                "the URL has a user name or password in it; headers are the place for those"
            )
        }
        let (host, port) = try Self.split(authority)
        self.host = try TargetHost(parsing: host)
        if case .address(let address) = self.host, address.family == .v4 {
            self.isOddlyWritten = !host.utf8.elementsEqual(address.canonicalText.utf8)
        } else {
            self.isOddlyWritten = false
        }
        self.port = try Self.port(port) ?? (self.isSecure ? 443 : 80)
        self.tail = Secret(try Self.tail(rest[authorityEnd...]))
    }

    private static func split(_ authority: Substring) throws(TargetRefusal) -> (host: Substring, port: Substring?) {
        if authority.first == "[" {
            guard let end = authority.firstIndex(of: "]") else {
                throw TargetRefusal(.badHost, "the URL's IPv6 address is not closed: no ] follows")
            }
            let behind = authority[authority.index(after: end)...]
            guard behind.isEmpty || behind.first == ":" else {
                throw TargetRefusal(.badHost, "there is something between the URL's IPv6 address and its port")
            }
            return (authority[...end], behind.isEmpty ? nil : behind.dropFirst())
        }
        guard let colon = authority.firstIndex(of: ":") else { return (authority, nil) }
        return (authority[..<colon], authority[authority.index(after: colon)...])
    }

    private static func port(_ text: Substring?) throws(TargetRefusal) -> Int? {
        guard let text, !text.isEmpty else { return nil }
        let isNumber =
            text.utf8.count <= 5 && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard isNumber, let port = Int(text), (1...65_535).contains(port) else {
            throw TargetRefusal(.badPort, "\"\(text.shown)\" is no port; there are 1 to 65535")
        }
        return port
    }

    /// Without the fragment, which is never sent. Everything beyond printable ASCII is percent-encoded.
    private static func tail(_ text: Substring) throws(TargetRefusal) -> String {
        let kept = text.prefix { $0 != "#" }
        let path = kept.first == "/" ? String(kept) : "/" + kept
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in path.utf8 {
            switch byte {
            case 0x80..., UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "^"),
                UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"), UInt8(ascii: "["),
                UInt8(ascii: "]"):
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default:
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `https://hooks.example.com:443`: scheme, host and port, always.
    package var origin: String { "\(self.isSecure ? "https" : "http")://\(self.host):\(self.port)" }

    /// The whole address, for the request alone.
    package var exposed: String { self.origin + self.tail.exposed }

    /// What the `Host` header says: without the port when it is the scheme's own.
    package var hostHeader: String {
        self.port == (self.isSecure ? 443 : 80) ? "\(self.host)" : "\(self.host):\(self.port)"
    }

    package var description: String { self.origin + "/***" }
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }

    /// The same address with more of a path: `/alertmanager` and `/api/v2/alerts`.
    package func appending(path: String) throws(TargetRefusal) -> TargetURL {
        var tail = self.tail.exposed
        if let query = tail.firstIndex(of: "?") { tail = String(tail[..<query]) }
        while tail.hasSuffix("/") { tail.removeLast() }
        return try TargetURL(self.origin + tail + path)
    }
}

extension StringProtocol {
    /// A short piece of a text that somebody gave, for a message.
    var shown: String { ClippedText.text(String(self).onOneLine, 80) }

    /// The first place of a text in this one.
    fileprivate func range(of text: String) -> Range<Index>? {
        let wanted = Array(text.utf8)
        var start = self.startIndex
        while start < self.endIndex {
            if self.utf8[start...].starts(with: wanted) {
                return start..<self.utf8.index(start, offsetBy: wanted.count)
            }
            start = self.utf8.index(after: start)
        }
        return nil
    }
}
