import CLibPQ
import Glibc

/// Where a PostgreSQL server is and how we log in: a `postgres://` URL that was understood.
///
/// What libpq allows, with two differences: a server that is not on this machine is spoken to in TLS, with its name
/// checked (`sslmode=verify-full`), unless the URL says otherwise; and the URL is never repeated with its password.
package struct PostgresEndpoint: Sendable {
    /// libpq's keywords and their values.
    private let options: [String: String]
    /// The URL with `***` for what is secret.
    package let displayName: String

    /// What a URL may say behind the `?`.
    static let allowedOptions: Set<String> = [
        "application_name", "channel_binding", "dbname", "host", "hostaddr", "keepalives", "keepalives_count",
        "keepalives_idle", "keepalives_interval", "passfile", "password", "port", "require_auth",
        "ssl_max_protocol_version",
        "ssl_min_protocol_version", "sslcert", "sslcrl", "sslcrldir", "sslkey", "sslmode", "sslpassword", "sslrootcert",
        "sslsni", "target_session_attrs", "user",
    ]
    private static let modes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
    private static let secrets: Set<String> = ["password", "sslpassword"]
    /// Debian's certificates of all authorities; the file that most systems have.
    private static let systemCertificates = "/etc/ssl/certs/ca-certificates.crt"

    /// - Throws: `PostgresError` of code `invalidURL`, which names what is wrong and never repeats the URL.
    package init(url: String) throws(PostgresError) {
        guard url.hasPrefix("postgres://") || url.hasPrefix("postgresql://") else {
            throw Self.invalid("it must begin with postgres:// or postgresql://")
        }
        if url.utf8.contains(0) { throw Self.invalid("it holds a NUL byte") }
        let query = url.split(separator: "?", maxSplits: 1).dropFirst().first ?? ""
        for pair in query.split(separator: "&") {
            let name = String(pair.prefix { $0 != "=" })
            guard Self.allowedOptions.contains(name) || name == "ssl" else {
                throw Self.invalid(
                    "unknown option \"\(name)\"; allowed: \(Self.allowedOptions.sorted().joined(separator: ", "))"
                )
            }
        }
        guard var options = Self.parse(url) else {
            // libpq's own message may repeat parts of the URL, so it is not shown.
            throw Self.invalid("it must have the form postgres://USER:PASSWORD@HOST:PORT/DATABASE?OPTION=VALUE")
        }
        if let mode = options["sslmode"], !Self.modes.contains(mode) {
            throw Self.invalid("unknown sslmode; allowed: \(Self.modes.joined(separator: ", "))")
        }
        let isLocal = Self.isLocal(options)
        if options["sslmode"] == nil { options["sslmode"] = isLocal ? "prefer" : "verify-full" }
        let checksCertificates = options["sslmode"]?.hasPrefix("verify-") ?? false
        if checksCertificates, options["sslrootcert"] == nil, access(Self.systemCertificates, R_OK) == 0 {
            options["sslrootcert"] = Self.systemCertificates
        }
        // Kerberos for encryption would be tried first, which asks name servers for realms.
        options["gssencmode"] = "disable"
        options["client_encoding"] = "UTF8"
        if options["application_name"] == nil { options["application_name"] = "aos-reactor" }
        self.options = options
        self.displayName = Self.display(options)
    }

    /// Whether the server may use the connection in the clear.
    package var sslMode: String { self.options["sslmode"] ?? "prefer" }

    /// Calls `body` with libpq's arrays of keywords and values, each ending with a null.
    func withKeywords<Result>(
        _ body: ([UnsafePointer<CChar>?], [UnsafePointer<CChar>?]) -> Result
    ) -> Result {
        let pairs = self.options.map { (strdup($0.key), strdup($0.value)) }
        defer {
            for (key, value) in pairs {
                free(key)
                free(value)
            }
        }
        return body(pairs.map { UnsafePointer($0.0) } + [nil], pairs.map { UnsafePointer($0.1) } + [nil])
    }

    /// libpq's messages hold what the server said, which is ours to show, and never the password; but a server can
    /// echo what it likes.
    func scrub(_ text: String) -> String {
        var text = text
        for name in Self.secrets {
            guard let secret = self.options[name], !secret.isEmpty else { continue }
            text = text.split(separator: secret, omittingEmptySubsequences: false).joined(separator: "***")
        }
        return text
    }

    private static func invalid(_ reason: String) -> PostgresError {
        PostgresError(.invalidURL, "the PostgreSQL URL cannot be used: \(reason)")
    }

    private static func parse(_ url: String) -> [String: String]? {
        guard let list = PQconninfoParse(url, nil) else { return nil }
        defer { PQconninfoFree(list) }
        var options: [String: String] = [:]
        var next = list
        while let keyword = next.pointee.keyword {
            if let value = next.pointee.val { options[String(cString: keyword)] = String(cString: value) }
            next += 1
        }
        return options
    }

    /// Whether every host is a unix socket or loopback.
    private static func isLocal(_ options: [String: String]) -> Bool {
        let hosts = (options["hostaddr"] ?? options["host"] ?? "").split(
            separator: ",",
            omittingEmptySubsequences: false
        )
        return hosts.allSatisfy { host in
            host.isEmpty || host.hasPrefix("/") || host == "localhost" || host == "::1" || host.hasPrefix("127.")
        }
    }

    private static func display(_ options: [String: String]) -> String {
        var text = "postgres://"
        if let user = options["user"] { text += user + (options["password"] == nil ? "@" : ":***@") }
        text += options["host"] ?? options["hostaddr"] ?? ""
        if let port = options["port"] { text += ":\(port)" }
        text += "/" + (options["dbname"] ?? "")
        return text + "?sslmode=" + (options["sslmode"] ?? "prefer")
    }
}

extension PostgresEndpoint: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { self.displayName }
    package var debugDescription: String { self.displayName }
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
