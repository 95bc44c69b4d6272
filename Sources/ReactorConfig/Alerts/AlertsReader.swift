internal import EventPatterns
internal import Reactions

/// Reads what says who is told of alerts: receivers, routes, inhibition rules and mute intervals. They name each other,
/// so they are read together, when the whole file has been gone through.
struct AlertsReader {
    let context: ReadingContext

    /// The keys that belong here.
    static let paths = [
        "alerts.receivers", "alerts.default_to", "alerts.routes", "alerts.inhibit", "alerts.mute_intervals",
    ]

    /// - Parameter members: those of the file that are among `paths`.
    func read(_ members: [String: YAMLMember], into builder: inout ConfigurationBuilder) {
        guard !members.isEmpty else { return }
        let receivers = self.receivers(members["alerts.receivers"])
        let intervals =
            members["alerts.mute_intervals"].map {
                MuteIntervalsReader(context: self.context).read($0.value)
            } ?? [:]
        let inhibition = members["alerts.inhibit"].map { InhibitionReader(context: self.context).read($0.value) } ?? []
        let reader = RoutesReader(context: self.context, receivers: receivers, intervals: Set(intervals.keys))
        let defaults = self.defaults(members["alerts.default_to"], reader)
        let routes = members["alerts.routes"].map { reader.read($0.value) } ?? []
        let root = RouteDefinition(receivers: defaults, routes: routes.map(\.definition))

        builder.configuration.alerts.receivers = receivers.compactMap(\.definition)
        builder.configuration.alerts.muteIntervals = intervals
        builder.configuration.alerts.inhibition = inhibition
        do throws(RoutingError) {
            builder.configuration.alerts.routing = try RoutingTree(root)
        } catch {
            let node = Self.route(error.path, in: routes)?.node ?? members["alerts.routes"]?.value
            if let node { self.context.report(.badValue, at: node, error.description) }
        }
        if !self.context.problems.hasErrors {
            RouteChecks(context: self.context, receivers: receivers, defaults: defaults, intervals: intervals)
                .run(routes, intervalsAt: members["alerts.mute_intervals"])
        }
        self.describe(members, into: &builder)
    }

    /// Those of the file, and `log`, which there always is.
    private func receivers(_ member: YAMLMember?) -> [ReadReceiver] {
        let read = member.map { ReceiversReader(context: self.context).read($0.value) } ?? []
        let log = ReceiverDefinition.log
        guard !read.contains(where: { $0.name == log.name }) else { return read }
        let place = YAMLNode.mapping([], member?.position ?? TextPosition(line: 1, column: 1))
        return [ReadReceiver(name: log.name, place: place, outcome: .usable(log))] + read
    }

    /// Who is told of what no route takes.
    private func defaults(_ member: YAMLMember?, _ reader: RoutesReader) -> [String] {
        let log = [ReceiverDefinition.log.name]
        guard let member else { return log }
        let told = reader.receivers(member.value, of: "alerts.default_to", mayBeEmpty: true)
        guard told.on.isEmpty, told.hasOff else { return told.on }
        let message = "all of `alerts.default_to` are switched off; alerts that no route takes go to `log` instead"
        self.context.report(.receiverOff, at: member.value, message, severity: .warning)
        return log
    }

    private static func route(_ path: [Int], in routes: [ReadRoute]) -> ReadRoute? {
        guard let index = path.first, routes.indices.contains(index) else { return nil }
        return path.count == 1 ? routes[index] : Self.route(Array(path.dropFirst()), in: routes[index].routes)
    }

    /// What is shown of them as settings, and what makes a version differ.
    private func describe(_ members: [String: YAMLMember], into builder: inout ConfigurationBuilder) {
        for path in Self.paths {
            guard let member = members[path] else { continue }
            var hash = StableHash()
            hash.combine(member.value, environment: self.context.environment)
            let position = member.value.position
            let place = SourceLocation(
                file: self.context.source.name,
                line: position.line,
                column: position.column
            )
            builder.origins[path] = .file(place)
            builder.described.append((path, self.summary(member), hash.hexDigits))
        }
    }

    /// How many there are; the values themselves may hold secrets.
    private func summary(_ member: YAMLMember) -> String {
        switch member.value {
        case .mapping(let members, _): "\(members.count) (\(members.map(\.key).joined(separator: ", ")))"
        case .sequence(let elements, _): "\(elements.count)"
        case .scalar: "1"
        }
    }
}
