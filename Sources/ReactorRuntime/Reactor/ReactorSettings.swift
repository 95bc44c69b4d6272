/// What a reactor needs to know before it starts. The defaults suit a sidecar beside its producers.
public struct ReactorSettings: Sendable {
    /// What gives way when handling is slower than receiving for so long that the ring is full.
    public enum Overflow: String, Sendable, CaseIterable {
        case dropOldest = "drop_oldest"
        case dropNewest = "drop_newest"

        var policy: OverflowPolicy {
            switch self {
            case .dropOldest: .dropOldest
            case .dropNewest: .dropNewest
            }
        }
    }

    /// Channels to listen to.
    public var channels: [String] = ["aos.events"]
    /// Channel patterns to listen to.
    public var channelPatterns: [String] = []
    /// Where heartbeats go, and events that name no channel. Must be among the channels, or matched by a pattern, for the
    /// heartbeat to come back.
    public var publishChannel: String = "aos.events"
    /// Tells this reactor from its peers; in heartbeats, receipts and the name of its connections.
    public var instance: String
    /// Larger frames are skipped and quarantined by their first bytes.
    public var maxEventBytes: Int = 1 << 20
    /// Bytes for frames that wait while handling is behind.
    public var ringBytes: Int = 64 << 20
    public var overflow: Overflow = .dropOldest
    public var heartbeatInterval: Duration = .seconds(30)
    /// Heartbeats in a row that must go wrong before the reactor calls itself unhealthy.
    public var heartbeatMissThreshold: Int = 3
    /// How long a stop may take to finish what was received.
    public var shutdownGrace: Duration = .seconds(20)
    /// How long a closure may take before its lane goes on without it.
    public var handlerTimeout: Duration = .seconds(5)
    /// Events of one closure that are handled at the same time; those of one run never are.
    public var lanesPerHandler: Int = 8
    /// Events that wait for one closure before further ones are refused and counted.
    public var queuedPerHandler: Int = 10_000
    /// `EVENT_REACTOR_ENABLED`: false subscribes to nothing and says so.
    public var isEnabled: Bool = true
    /// Fail when Redis cannot be reached at start, instead of waiting for it.
    public var requiresRedis: Bool = false
    /// End when state would not survive the death of what keeps it.
    public var requiresDurability: Bool = false

    public init(instance: String) {
        self.instance = instance
    }
}
