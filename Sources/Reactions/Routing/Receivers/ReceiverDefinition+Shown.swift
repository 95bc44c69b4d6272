extension ReceiverDefinition {
    /// Where messages go, for a person: addresses up to their host, and no key.
    package var shownTarget: String {
        switch self.target {
        case .webhook(let target): Self.shown(target.url)
        case .slack(let url, let channel): Self.shown(url) + (channel.map { " \($0)" } ?? "")
        case .pagerDuty(_, let url), .alertmanager(let url, _): Self.shown(url)
        case .publish(let eventType, let channel): "\(eventType) on \(channel ?? "the reactor's own channel")"
        case .exec(let arguments, _, _): arguments.first ?? ""
        case .file(let path): path
        case .log: "the reactor's log"
        }
    }

    private static func shown(_ url: Secret) -> String {
        (try? TargetURL(url.exposed)).map { "\($0)" } ?? "***"
    }
}
