internal import Reactions
internal import RedisClient

/// All settings with a single value, in the order of `config/reactor.yaml`. Defaults are the ones of
/// `ReactorConfiguration`.
enum OptionTable {
    static let options: [ConfigurationOption] = [Self.general, Self.intake, Self.running, Self.alerts].flatMap(\.self)

    static let byPath: [String: ConfigurationOption] = Dictionary(
        uniqueKeysWithValues: Self.options.map { ($0.path, $0) }
    )

    private static let general: [ConfigurationOption] = [
        .instance,
        .bool("enabled", \.enabled, original: "EVENT_REACTOR_ENABLED"),
        .redisURL,
        .redisCAFile,
        .bool("redis.required", \.redis.isRequired, original: "REACTOR_REQUIRE_REDIS"),
        .embeddedDataDirectory,
        .bool("embedded.demo", \.embedded.demo),
    ]

    private static let intake: [ConfigurationOption] = [
        .size("intake.max_event_bytes", \.intake.maxEventBytes, in: 1 << 10...64 << 20),
        .size("intake.ring", \.intake.ringBytes, in: 1 << 20...16 << 30),
        .word("intake.overflow", \.intake.overflow),
        .httpListen,
        .httpToken,
    ]

    private static let running: [ConfigurationOption] = [
        .duration(
            "heartbeat.interval",
            \.heartbeat.interval,
            in: .seconds(1)...(.seconds(86_400)),
            original: "REACTOR_HEARTBEAT_INTERVAL_SECONDS"
        ),
        .integer(
            "heartbeat.miss_threshold",
            \.heartbeat.missThreshold,
            in: 1...1000,
            original: "REACTOR_HEARTBEAT_MISS_THRESHOLD"
        ),
        .duration("shutdown.grace", \.shutdown.grace, in: .zero...(.seconds(3600))),
        .duration("handlers.timeout", \.handlers.timeout, in: .milliseconds(1)...(.seconds(3600))),
        .integer("handlers.lanes", \.handlers.lanes, in: 1...1024),
        .integer("handlers.queue", \.handlers.queue, in: 1...1_000_000),
        .word("log.level", \.log.level),
        .word("log.format", \.log.format),
    ]

    /// A week; longer than that nobody remembers why an alert was held back.
    static let longestWindow = Duration.zero...(.seconds(604_800))

    static let tenantLimits = 0...1_000_000

    private static let alerts: [ConfigurationOption] =
        [
            .bool("alerts.fatigue_control", \.alerts.fatigue.enabled, original: "ALERT_FATIGUE_ENABLED"),
            .duration(
                "alerts.dedup_window",
                \.alerts.fatigue.dedupWindow,
                in: Self.longestWindow,
                original: "ALERT_DEDUP_WINDOW_SECONDS"
            ),
            .integer(
                "alerts.max_per_tenant_per_hour",
                \.alerts.fatigue.maxAlertsPerTenantPerHour,
                in: Self.tenantLimits,
                original: "MAX_ALERTS_PER_TENANT_PER_HOUR"
            ),
            .duration(
                "alerts.cooldowns.default",
                \.alerts.fatigue.defaultCooldown,
                in: Self.longestWindow,
                original: "ALERT_COOLDOWN_DEFAULT"
            ),
            .bool("alerts.digests", \.alerts.sendsDigests),
            .bool("alerts.flapping.enabled", \.alerts.flapping.isEnabled),
            .integer("alerts.flapping.high_percent", \.alerts.flapping.highPercent, in: 1...100),
            .integer("alerts.flapping.low_percent", \.alerts.flapping.lowPercent, in: 0...99),
            .word("state", \.state),
            .word("durability", \.durability.policy),
            .namespace,
        ] + ["incidents", "policies", "logs", "orchestrator", "audit"].map(ConfigurationOption.cooldown)
}

extension ConfigurationOption {
    fileprivate static let instance = Self(
        path: "instance",
        needs: "1 to 64 letters, digits, `.`, `_` or `-`",
        set: { text, configuration in
            guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy(Self.isInstanceByte) else { return false }
            configuration.instance = text
            return true
        },
        show: { $0.instance }
    )

    fileprivate static let namespace = Self(
        path: "namespace",
        needs: "1 to 64 letters, digits, `.`, `_` or `-`",
        set: { text, configuration in
            guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy(Self.isInstanceByte) else { return false }
            configuration.namespace = text
            return true
        },
        show: { $0.namespace }
    )

    private static func isInstanceByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }

    fileprivate static let redisURL = Self(
        path: "redis.url",
        needs: "`embedded` or a URL that begins with `redis://`, `rediss://` or `unix://`",
        originalNames: [OriginalName(name: "REDIS_URL")],
        isSecret: true,
        set: { text, configuration in
            configuration.redis.url = text == "embedded" ? nil : Secret(text)
            return !text.isEmpty
        },
        show: { configuration in
            guard configuration.redis.url != nil else { return "embedded" }
            return configuration.redis.endpoint?.description ?? "***"
        }
    )

    fileprivate static let redisCAFile = Self(
        path: "redis.ca_file",
        needs: "the path of a file with certificates",
        set: { text, configuration in
            configuration.redis.caFile = text.isEmpty ? nil : text
            return true
        },
        show: { $0.redis.caFile ?? "" }
    )

    fileprivate static let embeddedDataDirectory = Self(
        path: "embedded.data_dir",
        needs: "the path of a folder",
        set: { text, configuration in
            guard !text.isEmpty else { return false }
            configuration.embedded.dataDirectory = text
            return true
        },
        show: { $0.embedded.dataDirectory }
    )

    fileprivate static let httpListen = Self(
        path: "http.listen",
        needs: "`host:port`, `unix:/path/of/socket` or `off`",
        set: { text, configuration in
            guard let address = ListenAddress(text) else { return false }
            configuration.http.listen = address
            return true
        },
        show: { $0.http.listen.description }
    )

    fileprivate static let httpToken = Self(
        path: "http.token",
        needs: "16 to 512 visible characters without blanks, such as `openssl rand -hex 32` makes",
        isSecret: true,
        isReferenceOnly: true,
        set: { text, configuration in
            guard (16...512).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21..<0x7F).contains($0) }) else {
                return false
            }
            configuration.http.token = Secret(text)
            return true
        },
        show: { $0.http.token == nil ? "" : "***" }
    )

    fileprivate static func cooldown(_ domain: String) -> Self {
        let range = OptionTable.longestWindow
        return Self(
            path: "alerts.cooldowns.\(domain)",
            needs: ValueNeeds.duration(range),
            needsSeconds: ValueNeeds.seconds(range),
            originalNames: [OriginalName(name: "ALERT_COOLDOWN_\(domain.uppercased())", isSeconds: true)],
            set: { text, configuration in
                guard let duration = DurationText.parse(text), range.contains(duration) else { return false }
                configuration.alerts.fatigue.cooldowns[domain] = duration
                return true
            },
            show: { DurationText.format($0.alerts.fatigue.cooldowns[domain] ?? .zero) }
        )
    }
}
