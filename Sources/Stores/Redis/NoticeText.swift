import Events
import Reactions

/// What is told of an alert, as JSON.
enum NoticeText {
    /// Empty when there is nobody to tell.
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

    /// What the script that decides needs beside the subject and the routes to tell of an alert that fires.
    static func rest(of alert: Alert) -> [UInt8] {
        var text = JSONObjectText(capacity: 512)
        AlertNotice.writeRest(of: alert, into: &text)
        return text.finished()
    }
}
