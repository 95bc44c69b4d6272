internal import Reactions

/// Walks `reactor.yaml`. The option table says which keys there are; the few that are not single values are read here.
struct ConfigurationFileReader {
    let context: ReadingContext
    /// Keys that are not single values, with what stands above them.
    private static let others = ["version", "sources", "alerts.tenants"] + AlertsReader.paths

    func read(_ root: YAMLNode, into builder: inout ConfigurationBuilder) {
        guard case .mapping(let members, let position) = root else {
            self.context.report(.wrongKind, at: root, "the configuration must be a mapping, found \(root.kind)")
            return
        }
        if !members.contains(where: { $0.key == "version" }) {
            self.context.report(.missingField, at: position, "`version: 1` is missing")
        }
        var alerts: [String: YAMLMember] = [:]
        self.walk(members, prefix: "", into: &builder, &alerts)
        AlertsReader(context: self.context).read(alerts, into: &builder)
    }

    /// What may be changed for a while: what decides about events and alerts, not where they come from.
    private static let changeable = ["alerts", "intake"]

    /// Reads a part of a configuration that stands in another file, over what was read before.
    ///
    /// Receivers, routes and what belongs to them name each other, so they are replaced together or not at all.
    func read(changes node: YAMLNode, into builder: inout ConfigurationBuilder) {
        guard let members = self.context.members(node, of: "config") else { return }
        for member in members where !Self.changeable.contains(member.key) {
            self.context.reportUnknown(member, known: Self.changeable, inside: "config")
        }
        var alerts: [String: YAMLMember] = [:]
        self.walk(members.filter { Self.changeable.contains($0.key) }, prefix: "", into: &builder, &alerts)
        AlertsReader(context: self.context).read(alerts, into: &builder)
    }

    /// - Parameter alerts: the members that are read when all others were, because they speak of each other.
    private func walk(
        _ members: [YAMLMember],
        prefix: String,
        into builder: inout ConfigurationBuilder,
        _ alerts: inout [String: YAMLMember]
    ) {
        for member in members {
            let path = prefix + member.key
            if path == "history", !Self.isSection(member.value), let option = OptionTable.byPath["history.url"] {
                // The short form: where it is kept, and nothing else.
                self.read(option, member.value, into: &builder)
            } else if let instead = UnavailableSettings.byPath[path] {
                self.context.report(.notAvailable, at: member, UnavailableSettings.message(path, instead))
            } else if AlertsReader.paths.contains(path) {
                alerts[path] = member
            } else if Self.others.contains(path) {
                self.readOther(member, path: path, into: &builder)
            } else if let option = OptionTable.byPath[path] {
                self.read(option, member.value, into: &builder)
            } else if Self.isSection(path) {
                let members = self.context.members(member.value, of: path) ?? []
                self.walk(members, prefix: path + ".", into: &builder, &alerts)
            } else if prefix == "alerts.cooldowns." {
                self.readCooldown(member, path: path, into: &builder)
            } else {
                let section = prefix.isEmpty ? nil : String(prefix.dropLast())
                self.context.reportUnknown(member, known: Self.keys(below: prefix), inside: section)
            }
        }
    }

    /// Whether a mapping holds settings; `{ env: NAME }` and `{ file: PATH }` are values.
    private static func isSection(_ node: YAMLNode) -> Bool {
        guard case .mapping(let members, _) = node else { return false }
        return !members.contains { $0.key == "env" || $0.key == "file" }
    }

    private static func isSection(_ path: String) -> Bool {
        OptionTable.options.contains { $0.path.utf8.starts(with: "\(path).".utf8) }
    }

    private static func keys(below prefix: String) -> [String] {
        let paths = Self.others + OptionTable.options.map(\.path) + UnavailableSettings.byPath.keys.sorted()
        var keys: [String] = []
        for path in paths where path.utf8.starts(with: prefix.utf8) {
            let key = String(path.dropFirst(prefix.count).prefix { $0 != "." })
            if !keys.contains(key), UnavailableSettings.byPath[prefix + key] == nil { keys.append(key) }
        }
        return keys
    }

    // MARK: - Single values

    private func read(_ option: ConfigurationOption, _ node: YAMLNode, into builder: inout ConfigurationBuilder) {
        guard let text = self.text(option, node) else { return }
        if option.set(text.text, &builder.configuration) {
            let position = node.position
            let location = SourceLocation(
                file: self.context.source.name,
                line: position.line,
                column: position.column
            )
            builder.origins[option.path] = .file(location)
            builder.nodes[option.path] = node
        } else {
            let found = option.isSecret ? "" : ", found `\(text.shown)`"
            let message = "`\(option.path)` needs \(option.needs)\(found)"
            self.context.report(.badValue, at: node, message, hidesValue: option.isSecret)
        }
    }

    /// A secret may be given as it is or by reference.
    private func text(_ option: ConfigurationOption, _ node: YAMLNode) -> (text: String, shown: String)? {
        if option.isReferenceOnly {
            return SecretReader(context: self.context).read(node, of: option.path).map { ($0.exposed, "***") }
        }
        if option.isSecret, case .mapping = node {
            return SecretReader(context: self.context).read(node, of: option.path).map { ($0.exposed, "***") }
        }
        return self.context.scalar(node, of: option.path, needs: option.needs).map { ($0.text, $0.shown) }
    }

    // MARK: - Other values

    private func readOther(_ member: YAMLMember, path: String, into builder: inout ConfigurationBuilder) {
        switch path {
        case "version": self.readVersion(member.value)
        case "sources": SourcesReader(context: self.context).read(member.value, into: &builder)
        default: TenantSettingsReader(context: self.context).read(member.value, into: &builder)
        }
    }

    private func readVersion(_ node: YAMLNode) {
        guard let value = self.context.scalar(node, of: "version", needs: "1"), value.text != "1" else { return }
        let message = "this program reads version 1 of the configuration, found `\(value.shown)`"
        self.context.report(.badValue, at: node, message)
    }

    private func readCooldown(_ member: YAMLMember, path: String, into builder: inout ConfigurationBuilder) {
        guard let duration = self.context.duration(member.value, of: path, in: OptionTable.longestWindow) else {
            return
        }
        builder.configuration.alerts.fatigue.cooldowns[member.key] = duration
        let position = member.value.position
        builder.origins[path] = .file(
            SourceLocation(file: self.context.source.name, line: position.line, column: position.column)
        )
    }
}
