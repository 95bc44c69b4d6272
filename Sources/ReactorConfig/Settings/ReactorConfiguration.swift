package import Reactions
package import RedisClient

/// Everything that can be set about the reactor itself, checked. What it reacts to are its handlers.
package struct ReactorConfiguration: Sendable {
    /// The name of this reactor among its peers.
    package var instance: String
    /// `EVENT_REACTOR_ENABLED`: false subscribes to nothing.
    package var enabled = true
    package var redis = RedisSettings()
    package var embedded = EmbeddedSettings()
    package var sources: [SourceSettings] = [.channel("aos.events")]
    package var intake = IntakeSettings()
    package var http = HTTPSettings()
    package var heartbeat = HeartbeatSettings()
    package var shutdown = ShutdownSettings()
    package var handlers = HandlerSettings()
    package var alerts = AlertSettings()
    package var state = StateKind.redis
    package var durability = DurabilitySettings()
    /// Reactors of one namespace on one Redis decide alerts as one.
    package var namespace = "aos"
    package var log = LogSettings()

    /// Every setting with its value as text and where that came from, in the order of the documentation. Secrets
    /// read `***`.
    package var settings: [EffectiveSetting] = []
    /// Twelve hex digits that change when the configuration or a handler changes; the instance's name does not count.
    package var version = ""
    /// A hash of what the settings above only count: receivers, routes and the like.
    var digest = ""

    /// The defaults.
    package init(instance: String) {
        self.instance = instance
    }

    /// Settings that differ from `other`'s and that only a restart brings into force: everything but the alerts'.
    package func settingsThatNeedRestart(since other: ReactorConfiguration) -> [String] {
        let before = Dictionary(other.settings.map { ($0.path, $0.value) }, uniquingKeysWith: { first, _ in first })
        var paths = self.settings.filter { before[$0.path] != $0.value }.map(\.path)
        // A password is not part of what is shown.
        if self.http.token != other.http.token, !paths.contains("http.token") { paths.append("http.token") }
        if self.redis.endpoint != other.redis.endpoint, !paths.contains("redis.url") { paths.append("redis.url") }
        return paths.filter { !$0.utf8.starts(with: "alerts.".utf8) }
    }

    /// Where heartbeats and `publish` actions without a channel go: the first channel that is not a pattern.
    package var publishChannel: String {
        for case .channel(let name) in self.sources { return name }
        return "aos.events"
    }
}

/// Where counters and decisions are kept.
package enum StateKind: String, Sendable, Hashable, CaseIterable {
    /// On the server that events come from: shared by all reactors of the namespace, and kept over restarts.
    case redis
    /// In the process: gone with it.
    case memory
}

/// What to do when state would not survive the death of what keeps it.
package struct DurabilitySettings: Sendable, Hashable {
    package enum Policy: String, Sendable, Hashable, CaseIterable {
        /// As the original did: `require` where it is needed, see `isRequired`.
        case auto
        /// Refuse to run.
        case require
        /// Say so, and run.
        case warn
    }

    package var policy = Policy.auto
    /// `AOS_MODE`: `local`, or whatever the platform calls its other modes.
    package var mode = "local"
    /// `RAC_ENABLED`: whether audit contracts are enforced.
    package var isAuditEnforced = false

    package var isRequired: Bool {
        switch self.policy {
        case .auto: self.mode != "local" && self.isAuditEnforced
        case .require: true
        case .warn: false
        }
    }
}

/// The Redis server to listen to.
package struct RedisSettings: Sendable, Hashable {
    /// What was set, password and all; nil for `embedded`.
    var url: Secret?
    /// Certificates to trust for `rediss://` instead of the system's.
    package var caFile: String?
    /// Whether a start without Redis fails instead of waiting for it.
    package var isRequired = false
    /// The server; nil for `embedded`: a private redis-server that the reactor starts itself.
    package var endpoint: RedisEndpoint?
}

/// The redis-server child that is used without a URL.
package struct EmbeddedSettings: Sendable, Hashable {
    /// Where it keeps its data.
    package var dataDirectory = "var/redis"
    /// Whether the demonstration is played once after the start.
    package var demo = true
}

/// What to listen to.
package enum SourceSettings: Sendable, Hashable, CustomStringConvertible {
    /// `pubsub: aos.events`
    case channel(String)
    /// `pubsub_pattern: "aos.*"`
    case pattern(String)

    package var description: String {
        switch self {
        case .channel(let name): "pubsub:\(name)"
        case .pattern(let pattern): "pubsub_pattern:\(pattern)"
        }
    }
}

package struct IntakeSettings: Sendable, Hashable {
    package enum Overflow: String, Sendable, Hashable, CaseIterable {
        case dropOldest = "drop_oldest"
        case dropNewest = "drop_newest"
    }

    /// Larger events are quarantined, in bytes.
    package var maxEventBytes = 1 << 20
    /// What waits between the socket and the handlers, in bytes.
    package var ringBytes = 64 << 20
    package var overflow = Overflow.dropOldest
}

/// The admin interface.
package struct HTTPSettings: Sendable, Hashable {
    package var listen = ListenAddress.tcp(host: "127.0.0.1", port: 9464)
    /// What requests must show as `Authorization: Bearer …`; nil asks nobody, which only this machine may be allowed.
    package var token: Secret?
}

package struct HeartbeatSettings: Sendable, Hashable {
    package var interval = Duration.seconds(30)
    /// So many beats in a row must be missing before an alert is raised.
    package var missThreshold = 3
}

package struct ShutdownSettings: Sendable, Hashable {
    /// How long work that was received may take to finish.
    package var grace = Duration.seconds(20)
}

/// How handlers that wait are run: closures that a program registers. Rules from files never wait.
package struct HandlerSettings: Sendable, Hashable {
    /// How long one call may take before its lane goes on without it.
    package var timeout = Duration.seconds(5)
    /// How many events of one handler are handled at the same time; those of one run never are.
    package var lanes = 8
    /// How many events may wait for one handler before further ones are refused and counted.
    package var queue = 10_000
}

package struct LogSettings: Sendable, Hashable {
    package enum Level: String, Sendable, Hashable, CaseIterable {
        case trace
        case debug
        case info
        case notice
        case warning
        case error
        case critical
    }

    package enum Format: String, Sendable, Hashable, CaseIterable {
        /// Text on a terminal, JSON lines elsewhere.
        case auto
        case json
        case text
    }

    package var level = Level.info
    package var format = Format.auto
}

/// One setting as it is in force.
package struct EffectiveSetting: Sendable, Hashable {
    /// `heartbeat.interval`
    package var path: String
    package var value: String
    package var origin: SettingOrigin
}

/// Who decided a setting. A flag wins over the environment, that over the file, that over the default.
package enum SettingOrigin: Sendable, Hashable, CustomStringConvertible {
    case standard
    case file(SourceLocation)
    case environment(String)
    case flag(String)

    package var description: String {
        switch self {
        case .standard: "default"
        case .file(let location): location.description
        case .environment(let name): "environment \(name)"
        case .flag(let flag): "flag \(flag)"
        }
    }
}
