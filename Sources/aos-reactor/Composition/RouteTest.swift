import Events
import Reactions
import ReactorConfig

/// An alert's way through the routes at a time, and who is told at its end.
struct RouteTest {
    /// One receiver that a route tells.
    private struct Told {
        var receiver: String
        var route: RouteMatch
        /// The interval that mutes the route at that time, and when it ends.
        var mutedBy: (name: String, until: Timestamp?)?
    }

    private let labels: AlertLabels
    private let time: Timestamp
    private let explanation: RoutingExplanation
    private let told: [Told]

    init(_ settings: AlertSettings, _ labels: AlertLabels, at time: Timestamp) {
        self.labels = labels
        self.time = time
        self.explanation = settings.routing.explain(labels)
        self.told = settings.routing.routes(of: labels).flatMap { route in
            let muted = Self.mute(route, settings, at: time)
            return route.receivers.map { Told(receiver: $0, route: route, mutedBy: muted) }
        }
    }

    /// Whether anybody is told.
    var isTold: Bool { self.told.contains { $0.mutedBy == nil } }

    private static func mute(
        _ route: RouteMatch,
        _ settings: AlertSettings,
        at time: Timestamp
    ) -> (name: String, until: Timestamp?)? {
        for name in route.mute {
            guard let interval = settings.muteIntervals[name] else { continue }
            let window = MuteSchedule(interval).window(at: time)
            if window.isMuted { return (name, Timestamp(microseconds: window.until)) }
        }
        return nil
    }

    // MARK: For people

    var text: String {
        var lines = ["\(self.labels) at \(ShownTime.short(self.time.text)) UTC", "", self.explanation.description, ""]
        if self.told.isEmpty {
            lines.append("nobody is told: the route that takes it names no receiver")
        }
        for told in self.told {
            let route = told.route.path.last ?? "{}"
            if let muted = told.mutedBy {
                let until = muted.until.map { " until \(ShownTime.short($0.text)) UTC" } ?? ""
                lines.append("\(told.receiver): not told, \(route) is muted by \(muted.name)\(until)")
            } else {
                lines.append("\(told.receiver): told by \(route), \(Self.grouping(told.route))")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func grouping(_ route: RouteMatch) -> String {
        let timing = route.timing
        let wait = timing.wait == .zero ? "at once" : "after \(DurationText.format(timing.wait))"
        let again = "again every \(DurationText.format(timing.repeatInterval)) while it fires"
        return switch route.groupBy {
        case .eachAlert: "alone, \(wait), \(again)"
        case .labels(let names):
            (names.isEmpty
                ? "with all others of the route" : "with others of the same \(names.joined(separator: ", "))")
                + ", \(wait), news every \(DurationText.format(timing.interval)), \(again)"
        }
    }

    // MARK: For programs

    var json: JSONValue {
        [
            "at": .string(self.time.text),
            "labels": .object(self.labels.all.map { JSONMember($0.name, .string($0.value)) }),
            "routes": .array(self.explanation.steps.map(Self.json)),
            "told": .array(self.told.map(Self.json)),
        ]
    }

    private static func json(_ step: RoutingExplanation.Step) -> JSONValue {
        var members = [JSONMember("depth", .number(step.depth)), JSONMember("route", .string(step.route))]
        switch step.outcome {
        case .takes(let receivers):
            members.append(JSONMember("outcome", "takes"))
            members.append(JSONMember("receivers", .array(receivers.map { .string($0) })))
        case .passesOn: members.append(JSONMember("outcome", "passes_on"))
        case .refuses(let matcher, let found):
            members.append(JSONMember("outcome", "refuses"))
            members.append(JSONMember("condition", .string(matcher.description)))
            members.append(JSONMember("found", .string(found)))
        case .notReached: members.append(JSONMember("outcome", "not_reached"))
        }
        return .object(members)
    }

    private static func json(_ told: Told) -> JSONValue {
        let timing = told.route.timing
        var members = [
            JSONMember("receiver", .string(told.receiver)), JSONMember("muted", .bool(told.mutedBy != nil)),
            JSONMember("path", .array(told.route.path.map { .string($0) })),
            JSONMember("group_wait_seconds", .number(timing.wait.inSeconds)),
            JSONMember("group_interval_seconds", .number(timing.interval.inSeconds)),
            JSONMember("repeat_interval_seconds", .number(timing.repeatInterval.inSeconds)),
        ]
        if case .labels(let names) = told.route.groupBy {
            members.append(JSONMember("group_by", .array(names.map { .string($0) })))
        }
        if let muted = told.mutedBy {
            members.append(JSONMember("muted_by", .string(muted.name)))
            if let until = muted.until { members.append(JSONMember("muted_until", .string(until.text))) }
        }
        return .object(members)
    }
}
