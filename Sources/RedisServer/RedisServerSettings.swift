/// How a private Redis server is run.
///
/// It always listens on a unix socket inside a folder that only its user may enter; TCP and TLS on loopback are extra.
package struct RedisServerSettings: Sendable {
    /// A loopback TCP port.
    package enum Port: Sendable, Hashable {
        /// Any that is free; the same one for the whole life of the `RedisServerProcess`.
        case free
        case fixed(UInt16)
    }

    /// The files that `redis-server` reads for TLS.
    package struct TLS: Sendable {
        package var port: Port
        package var certificateFile: String
        package var keyFile: String
        package var authorityFile: String
        /// Whether clients must show a certificate of the authority too.
        package var verifiesClients: Bool

        package init(
            port: Port = .free,
            certificateFile: String,
            keyFile: String,
            authorityFile: String,
            verifiesClients: Bool = false
        ) {
            self.port = port
            self.certificateFile = certificateFile
            self.keyFile = keyFile
            self.authorityFile = authorityFile
            self.verifiesClients = verifiesClients
        }
    }

    /// Where the server keeps its data, socket, configuration and log. Created with mode 0700 when it is missing.
    package var dataFolder: String
    /// Also listen on 127.0.0.1. Nil: unix socket only.
    package var tcp: Port?
    /// Also listen on 127.0.0.1 with TLS.
    package var tls: TLS?
    /// Whether writes survive a restart (append-only file, synced every second). There are no RDB snapshots either way.
    package var appendOnly: Bool
    /// The program; nil searches `PATH`, then the usual folders.
    package var executable: String?
    /// Further lines of the configuration file, written last, so they win: `requirepass secret`.
    package var directives: [String]
    /// How long the server may take to stop after SIGTERM before it is killed.
    package var stopGrace: Duration
    /// Whether a server that died is started again.
    package var restartsWhenItDies: Bool

    package init(
        dataFolder: String,
        tcp: Port? = nil,
        tls: TLS? = nil,
        appendOnly: Bool = true,
        executable: String? = nil,
        directives: [String] = [],
        stopGrace: Duration = .seconds(5),
        restartsWhenItDies: Bool = true
    ) {
        self.dataFolder = dataFolder
        self.tcp = tcp
        self.tls = tls
        self.appendOnly = appendOnly
        self.executable = executable
        self.directives = directives
        self.stopGrace = stopGrace
        self.restartsWhenItDies = restartsWhenItDies
    }
}
