/// Settings in force, with what does not depend on the alert worked out once.
package struct AlertRules: Sendable {
    package let settings: AlertSettings
    /// The routes of every alert, when they are the same for all.
    private let fixedRoutes: [RouteMatch]?

    package init(_ settings: AlertSettings) {
        self.settings = settings
        let root = settings.routing.root
        self.fixedRoutes = root.children.isEmpty ? Self.telling(settings.routing.routes(of: AlertLabels())) : nil
    }

    /// The routes by which somebody is told of the alert.
    package func routes(of alert: Alert) -> [RouteMatch] {
        self.fixedRoutes ?? Self.telling(self.settings.routing.routes(of: AlertLabels(alert)))
    }

    private static func telling(_ routes: [RouteMatch]) -> [RouteMatch] { routes.filter { !$0.receivers.isEmpty } }
}
