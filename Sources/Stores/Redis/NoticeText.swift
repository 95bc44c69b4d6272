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

    /// What stands around subject, rest and routes of an alert that fires. Between subject and rest is a comma in the place
    /// of their inner brackets.
    static let beginning = #"{"version":1,"notice":"#
    static let middle =
        #","decision":null,"status":"firing","ends_at":null,"was_told":false,"stands_for":[]},"routes":"#

    /// All of it, of the texts that the script had.
    static func whole(subject: String, rest: String, routes: String) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(subject.utf8.count + rest.utf8.count + routes.utf8.count + 160)
        text += Self.beginning.utf8
        text += subject.utf8.dropLast()
        text.append(UInt8(ascii: ","))
        text += rest.utf8.dropFirst().dropLast()
        text += Self.middle.utf8
        text += routes.utf8
        text.append(UInt8(ascii: "}"))
        return text
    }

    /// What the script that decides needs beside the subject and the routes to tell of an alert that fires.
    static func rest(of alert: Alert) -> [UInt8] {
        var text = JSONObjectText(capacity: 512)
        AlertNotice.writeRest(of: alert, into: &text)
        return text.finished()
    }
}
