/// What alerts of one route are put together by.
package enum GroupBy: Sendable, Hashable {
    /// By everything that makes an alert itself: each is told alone.
    case eachAlert
    /// By the values of these labels; none puts all alerts of the route together.
    case labels([String])
}

/// One node of the routing tree as it is configured. What is nil or empty is taken from the route around it.
package struct RouteDefinition: Sendable, Hashable {
    /// All must hold. The root has none: it takes every alert.
    package var matchers: [LabelMatcher]
    package var receivers: [String]
    /// Whether routes behind this one are tried also when it has taken the alert.
    package var continues: Bool
    package var groupBy: GroupBy?
    package var groupWait: Duration?
    package var groupInterval: Duration?
    package var repeatInterval: Duration?
    /// Names of the intervals in which this route is silent. As in Alertmanager they hold for this route alone: those
    /// inside it are not muted with it.
    package var mute: [String]
    /// The first that takes an alert has it, unless it says `continue`; when none does, this one has it.
    package var routes: [RouteDefinition]

    package init(
        matchers: [LabelMatcher] = [],
        receivers: [String] = [],
        continues: Bool = false,
        groupBy: GroupBy? = nil,
        groupWait: Duration? = nil,
        groupInterval: Duration? = nil,
        repeatInterval: Duration? = nil,
        mute: [String] = [],
        routes: [RouteDefinition] = []
    ) {
        self.matchers = matchers
        self.receivers = receivers
        self.continues = continues
        self.groupBy = groupBy
        self.groupWait = groupWait
        self.groupInterval = groupInterval
        self.repeatInterval = repeatInterval
        self.mute = mute
        self.routes = routes
    }
}

/// When the alerts of a group are told.
package struct GroupTiming: Sendable, Hashable {
    /// From the first alert of a group until the group is told.
    package var wait: Duration
    /// Between two tellings of a group that has changed.
    package var interval: Duration
    /// Between two tellings of a group that has not changed and still fires.
    package var repeatInterval: Duration

    package init(
        wait: Duration = .zero,
        interval: Duration = Self.defaultInterval,
        repeatInterval: Duration = Self.defaultRepeat
    ) {
        self.wait = wait
        self.interval = interval
        self.repeatInterval = repeatInterval
    }

    /// Alertmanager's values. A group of one waits for nobody, so there it is zero.
    package static let defaultWait = Duration.seconds(30)
    package static let defaultInterval = Duration.seconds(300)
    package static let defaultRepeat = Duration.seconds(4 * 3_600)
}

/// What is wrong with a routing tree.
package struct RoutingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The places of the routes from the root to the one that is wrong; empty for the root.
    package var path: [Int]
    package var message: String

    package var description: String {
        "routes" + self.path.map { "[\($0)]" }.joined() + ": " + self.message
    }
}
