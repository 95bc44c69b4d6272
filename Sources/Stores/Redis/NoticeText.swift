import Events
import Reactions

/// What is told of an alert, as JSON; empty when there is nobody to tell.
enum NoticeText {
    static func write(
        _ alert: Alert,
        _ status: AlertStatus,
        endsAt: Timestamp?,
        _ rules: AlertRules,
        _ route: RouteMatch? = nil
    ) -> [UInt8] {
        let routes = route.map { [$0] } ?? rules.routes(of: AlertLabels(alert))
        guard !routes.isEmpty else { return [] }
        return RoutedNotice(alert, nil, status: status, endsAt: endsAt, routes: routes).json.compactBytes
    }
}
