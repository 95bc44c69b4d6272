/// What a decision puts into the outbox: an alert that goes out, or the end of one, and the routes that take it.
package struct RoutedNotice: Sendable, Hashable {
    package var notice: AlertNotice
    package var routes: [RouteMatch]

    package init(notice: AlertNotice, routes: [RouteMatch]) {
        self.notice = notice
        self.routes = routes
    }
}
