/// What a server tells about itself. Nil is what it does not tell, or not to us.
package struct ServerFacts: Sendable, Equatable {
    /// `redis_version` as three numbers at most.
    package var version: [Int]?
    package var versionText: String?
    /// `master` or `slave`.
    package var role: String?
    /// How many replicas are connected.
    package var replicas: Int?
    /// `yes` or `no` of `appendonly`, as the server runs now.
    package var appendOnly: Bool?
    /// `always`, `everysec` or `no`.
    package var appendFsync: String?
    /// Bytes; 0 means without limit.
    package var maxMemory: Int64?
    package var evictionPolicy: String?
    /// Limit of the class that our subscription is in.
    package var subscriberLimit: OutputBufferLimit?
    /// Seconds; 0 means off.
    package var keepalive: Int64?
    /// Name of the ACL user that we are.
    package var user: String?
    /// What we may not do of what we need.
    package var forbidden: [String]?
    /// Whether everybody is let in as the user `default`, without a password.
    package var isOpen: Bool?
    /// The server's clock minus ours, and how far that may be off.
    package var clock: ClockOffset?
    /// Whether the server is reached without a network.
    package var isLocal = false
    /// Why CONFIG cannot be read; nil when it can.
    package var configurationError: RedisError?

    package init() {}

    package struct ClockOffset: Sendable, Equatable {
        package let offset: Duration
        /// Half of the round trip in which it was measured.
        package let uncertainty: Duration

        package init(offset: Duration, uncertainty: Duration) {
            self.offset = offset
            self.uncertainty = uncertainty
        }
    }
}

extension ServerFacts {
    /// Takes over what the text of `INFO` says.
    mutating func read(info: String) {
        let fields = InfoFields(info)
        self.versionText = fields["redis_version"]
        self.version = fields["redis_version"]?.split(separator: ".").prefix(3).compactMap { Int($0) }
        self.role = fields["role"]
        self.replicas = fields["connected_slaves"].flatMap { Int($0) }
        self.appendOnly = fields["aof_enabled"].map { $0 == "1" }
        self.maxMemory = fields["maxmemory"].flatMap { Int64($0) }
        self.evictionPolicy = fields["maxmemory_policy"]
    }

    /// Takes over one parameter of the configuration.
    mutating func read(parameter: String, value: String) {
        switch parameter {
        case "client-output-buffer-limit":
            self.subscriberLimit = OutputBufferLimit(class: "pubsub", configuration: value)
        case "appendonly": self.appendOnly = value == "yes"
        case "appendfsync": self.appendFsync = value
        case "maxmemory": self.maxMemory = Int64(value)
        case "maxmemory-policy": self.evictionPolicy = value
        case "tcp-keepalive": self.keepalive = Int64(value)
        default: break
        }
    }
}

/// The `key:value` lines of `INFO`.
struct InfoFields {
    private var values: [Substring: Substring] = [:]

    init(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            guard line.first != "#", let colon = line.firstIndex(of: ":") else { continue }
            self.values[line[..<colon]] = line[line.index(after: colon)...]
        }
    }

    subscript(_ key: String) -> String? { self.values[key[...]].map(String.init) }
}
