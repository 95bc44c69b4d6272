/// The text of the configuration file that a private server is started with.
enum RedisServerConfiguration {
    static func text(_ settings: RedisServerSettings, folder: DataFolder, address: RedisServerAddress) -> String {
        var lines = [
            "# Written at each start; changes are lost.",
            "daemonize no",
            "supervised no",
            "dir \(Self.quoted(folder.path))",
            "pidfile redis.pid",
            "unixsocket \(Self.quoted(address.unixPath))",
            "unixsocketperm 700",
            "bind 127.0.0.1",
            "port \(address.port ?? 0)",
            "loglevel notice",
            "logfile \"\"",
            // Durability is the append-only file's; snapshots would only add forks.
            "save \"\"",
            "appendonly \(settings.appendOnly ? "yes" : "no")",
            "appendfsync everysec",
            // State that is evicted would let held-back alerts through.
            "maxmemory-policy noeviction",
            "always-show-logo no",
        ]
        if let tls = settings.tls, let port = address.tlsPort {
            lines += [
                "tls-port \(port)",
                "tls-cert-file \(Self.quoted(tls.certificateFile))",
                "tls-key-file \(Self.quoted(tls.keyFile))",
                "tls-ca-cert-file \(Self.quoted(tls.authorityFile))",
                "tls-auth-clients \(tls.verifiesClients ? "yes" : "no")",
            ]
        }
        return (lines + settings.directives).joined(separator: "\n") + "\n"
    }

    /// A value as Redis reads it between double quotes.
    private static func quoted(_ value: String) -> String {
        var text = "\""
        for character in value {
            if character == "\"" || character == "\\" { text.append("\\") }
            text.append(character)
        }
        return text + "\""
    }
}
