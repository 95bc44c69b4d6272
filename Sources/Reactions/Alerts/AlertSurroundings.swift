/// What silences, inhibition rules, routes and mute intervals say of an alert, and the time in which they say the same:
/// a store whose clock shows another time has to ask again.
package struct AlertSurroundings: Sendable, Hashable {
    private final class Shared: Sendable, Hashable {
        let limits: AlertLimits

        init(_ limits: AlertLimits) { self.limits = limits }

        static func == (lhs: Shared, rhs: Shared) -> Bool { lhs.limits == rhs.limits }
        func hash(into hasher: inout Hasher) { hasher.combine(self.limits) }
    }

    /// The routes that are not muted.
    package let told: RouteSet
    /// Nil where the settings know of no limits, as most do; then nothing is to be carried along but the routes.
    private let shared: Shared?

    package init(told: RouteSet, _ limits: AlertLimits? = nil) {
        self.told = told
        self.shared = limits.map { Shared($0) }
    }

    package var limits: AlertLimits? { self.shared?.limits }
    package var routes: [RouteMatch] { self.told.routes }
    /// Whoever would be told, each once.
    package var receivers: [String] { self.told.receivers }

    /// Whether every route that names a receiver is silent now.
    package var isMuted: Bool {
        guard let shared else { return false }
        return self.told.isEmpty && !shared.limits.leftOut.isEmpty
    }
}

/// What keeps an alert from some, or from all.
package struct AlertLimits: Sendable, Hashable {
    package var silence: Silence?
    package var inhibition: InhibitionKeys?
    /// The muted routes, by their matchers.
    package var leftOut: [String] = []
    /// Names of the intervals that mute them.
    package var mutedBy: [String] = []
    /// When the first of them speaks again.
    package var mutedUntil: Int64?
    /// Microseconds since 1970, the end not included.
    package private(set) var from = Int64.min / 2
    package private(set) var until = Int64.max / 2

    package init() {}

    /// Whether there is a time at which something else may be said.
    package var isBounded: Bool { self.from > Int64.min / 2 || self.until < Int64.max / 2 }

    mutating func narrow(from: Int64, until: Int64) {
        self.from = max(self.from, from)
        self.until = min(self.until, until)
    }
}
