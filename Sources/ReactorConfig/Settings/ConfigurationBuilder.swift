internal import EventPatterns
internal import Reactions

/// Puts a configuration together from the file, the environment and flags, in this order, so that the later wins.
///
/// Everything is read even where something else wins, so that a mistake is found before it matters.
struct ConfigurationBuilder {
    var configuration: ReactorConfiguration
    let environment: [String: String]
    let problems: ProblemList
    /// Who decided each setting; what is missing here has its default.
    var origins: [String: SettingOrigin] = [:]
    /// Where the file names a setting, for problems that are only seen at the end.
    var nodes: [String: YAMLNode] = [:]
    /// Settings that are no single values, with a hash of all that they hold.
    var described: [(path: String, value: String, digest: String)] = []

    init(instance: String, environment: [String: String], problems: ProblemList) {
        self.configuration = ReactorConfiguration(instance: instance)
        self.environment = environment
        self.problems = problems
    }

    /// The finished configuration; what is wrong was reported.
    mutating func finish(file: ReadingContext?) -> ReactorConfiguration {
        ConfigurationChecks(file: file).run(&self)
        self.configuration.settings = self.effectiveSettings()
        self.configuration.digest = self.described.map(\.digest).joined(separator: " ")
        return self.configuration
    }

    private func effectiveSettings() -> [EffectiveSetting] {
        var settings = OptionTable.options.map {
            self.setting($0.path, $0.show(self.configuration))
        }
        let sources = self.configuration.sources.map(\.description).joined(separator: ",")
        settings.append(self.setting("sources", sources))
        let alerts = self.configuration.alerts.fatigue
        for (domain, cooldown) in alerts.cooldowns.sorted(by: { $0.key < $1.key })
        where OptionTable.byPath["alerts.cooldowns.\(domain)"] == nil {
            settings.append(self.setting("alerts.cooldowns.\(domain)", DurationText.format(cooldown)))
        }
        for (tenant, override) in alerts.tenants.sorted(by: { $0.key < $1.key }) {
            settings.append(self.setting("alerts.tenants.\(tenant)", TenantSettingsReader.show(override)))
        }
        return settings + self.described.map { self.setting($0.path, $0.value) }
    }

    private func setting(_ path: String, _ value: String) -> EffectiveSetting {
        EffectiveSetting(path: path, value: value, origin: self.origins[path] ?? .standard)
    }
}

// MARK: - Environment and flags

extension ConfigurationBuilder {
    /// Names of what is no single setting; the first two are read by the command line.
    private static let otherNames = ["REACTOR_CONFIG", "REACTOR_HANDLERS", "REACTOR_SOURCES"]

    mutating func readEnvironment() {
        for option in OptionTable.options {
            // The original's names first, so that REACTOR_… wins where both are set.
            for original in option.originalNames {
                self.read(option, variable: original.name, isSeconds: original.isSeconds)
            }
            self.read(option, variable: option.environmentName, isSeconds: false)
        }
        self.readSources()
        self.readMode()
        self.warnOfUnknownNames()
    }

    private mutating func read(_ option: ConfigurationOption, variable: String, isSeconds: Bool) {
        guard let value = self.environment[variable], !value.isEmpty else { return }
        let isNumber = value.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        let text = isSeconds ? (isNumber ? value + "s" : "") : option.normalized(value)
        if option.set(text, &self.configuration) {
            self.origins[option.path] = .environment(variable)
            self.nodes[option.path] = nil
        } else {
            let shown = option.isSecret || SecretMask.isSecretName(variable) ? "***" : SecretMask.mask(value)
            let needs = isSeconds ? option.needsSeconds : option.needs
            self.report("\(variable) is `\(shown)`; it needs \(needs)", at: .environment)
        }
    }

    /// The platform's own variables, which decide what `durability: auto` means.
    private mutating func readMode() {
        if let mode = self.environment["AOS_MODE"], !mode.isEmpty { self.configuration.durability.mode = mode }
        guard let text = self.environment["RAC_ENABLED"], !text.isEmpty else { return }
        switch text.lowercased() {
        case "1", "yes", "on", "true": self.configuration.durability.isAuditEnforced = true
        case "0", "no", "off", "false": self.configuration.durability.isAuditEnforced = false
        default: self.report("RAC_ENABLED is `\(SecretMask.mask(text))`; it needs true or false", at: .environment)
        }
    }

    private mutating func readSources() {
        guard let value = self.environment["REACTOR_SOURCES"], !value.isEmpty else { return }
        let items = value.split(separator: ",", omittingEmptySubsequences: false)
        let sources = items.compactMap { SourcesReader.source($0) }
        guard sources.count == items.count, Set(sources).count == sources.count else {
            let needs = "channels separated by commas, each different, such as `aos.events,pubsub_pattern:aos.*`"
            self.report("REACTOR_SOURCES is `\(SecretMask.mask(value))`; it needs \(needs)", at: .environment)
            return
        }
        self.configuration.sources = sources
        self.origins["sources"] = .environment("REACTOR_SOURCES")
    }

    /// Only near misses: other programs have variables that begin alike, and Kubernetes adds some for each service.
    private func warnOfUnknownNames() {
        let known =
            OptionTable.options.flatMap { [$0.environmentName] + $0.originalNames.map(\.name) } + Self.otherNames
            + AuditAlertEnvironment.names
        for name in self.environment.keys.sorted() where !known.contains(name) {
            guard ["REACTOR_", "ALERT_", "AUDIT_ALERT", "MAX_ALERTS"].contains(where: { name.hasPrefix($0) }),
                let nearest = known.first(where: { NearestName.distance($0, name) <= 2 })
            else { continue }
            let message = "\(name) is not a setting; did you mean `\(nearest)`?"
            self.problems.add(
                Diagnostic(.warning, .unknownVariable, at: .environment, message, suggestion: nearest)
            )
        }
    }

    mutating func apply(_ overrides: [ConfigurationOverride]) {
        for override in overrides {
            guard let option = OptionTable.byPath[override.path] else {
                self.report("\(override.flag): there is no setting `\(override.path)`", at: .commandLine)
                continue
            }
            if option.set(option.normalized(override.value), &self.configuration) {
                self.origins[option.path] = .flag(override.flag)
                self.nodes[option.path] = nil
            } else {
                let shown = option.isSecret ? "***" : SecretMask.mask(override.value)
                self.report("\(override.flag) is `\(shown)`; it needs \(option.needs)", at: .commandLine)
            }
        }
    }

    private func report(_ message: String, at place: Diagnostic.Place) {
        self.problems.add(Diagnostic(.error, .badSetting, at: place, message))
    }
}
