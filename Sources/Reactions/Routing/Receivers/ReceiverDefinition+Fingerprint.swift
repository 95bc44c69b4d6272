extension ReceiverDefinition {
    /// Changes when the messages go somewhere else or are made with other keys: what a receiver has said of itself then
    /// holds no longer. Short enough to tell nothing of the secrets that it is computed from.
    package var fingerprint: String {
        var parts: [String] = [self.kind.rawValue]
        switch self.target {
        case .webhook(let target):
            parts += [target.url.exposed, target.form.rawValue, target.authorization?.exposed ?? ""]
            parts += target.secrets.map(\.exposed)
        case .slack(let url, let channel): parts += [url.exposed, channel ?? ""]
        case .pagerDuty(let routingKey, let url): parts += [routingKey.exposed, url.exposed]
        case .alertmanager(let url, _): parts.append(url.exposed)
        case .publish(let eventType, let channel): parts += [eventType, channel ?? ""]
        case .exec(let arguments, _, _): parts += arguments
        case .file(let path): parts.append(path)
        case .log: break
        }
        return String(SHA256Text.hex(of: parts.map { "\($0.utf8.count):\($0)" }.joined()).prefix(8))
    }
}
