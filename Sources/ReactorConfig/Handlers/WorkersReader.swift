internal import EventPatterns
internal import Reactions

/// Reads `with: {…}` of `uses: heartbeat-monitor`.
struct WorkersReader {
    let context: ReadingContext

    private static let keys = [
        "beats", "failed", "paused", "resumed", "key", "every", "cron", "zone", "grace", "expect", "growing_gaps",
        "severity", "domain", "max_workers",
    ]
    private static let periods: ClosedRange<Duration> = .milliseconds(100)...(.seconds(31_536_000))
    private static let graces: ClosedRange<Duration> = .zero...(.seconds(31_536_000))

    func read(_ name: String, _ with: YAMLNode?) -> WorkerDefinition {
        var definition = WorkerDefinition(name: name)
        var fields: [String: YAMLMember] = [:]
        for member in with.flatMap({ self.context.members($0, of: "with") }) ?? [] {
            guard Self.keys.contains(member.key) else {
                self.context.reportUnknown(member, known: Self.keys, inside: "with")
                continue
            }
            fields[member.key] = member
        }
        let lists: [(String, WritableKeyPath<WorkerDefinition, [TypePattern]>)] = [
            ("beats", \.beats), ("failed", \.failures), ("paused", \.paused), ("resumed", \.resumed),
        ]
        for (key, path) in lists {
            guard let node = fields[key]?.value else { continue }
            definition[keyPath: path] = self.context.elements(node).compactMap {
                self.context.typePattern($0, of: "with.\(key)")
            }
        }
        if let key = fields["key"].flatMap({ self.context.text($0.value, of: "with.key") }) {
            definition.key = key.text
        }
        if let domain = fields["domain"].flatMap({ self.context.text($0.value, of: "with.domain") }) {
            definition.domain = domain.text
        }
        if let severity = fields["severity"].flatMap({ self.context.severity($0.value) }) {
            definition.severity = severity
        }
        if let watches = fields["growing_gaps"].flatMap({
            self.context.boolean($0.value, of: "with.growing_gaps")
        }) {
            definition.watchesGaps = watches
        }
        if let limit = fields["max_workers"].flatMap({
            self.context.integer($0.value, of: "with.max_workers", in: 1...100_000)
        }) {
            definition.maxWorkers = limit
        }
        if let schedule = self.schedule(fields, in: "with") { definition.schedule = schedule }
        if let grace = self.grace(fields, in: "with") { definition.grace = grace }
        if let list = fields["expect"]?.value { definition.expected = self.expected(list) }
        return definition
    }

    private func grace(_ fields: [String: YAMLMember], in place: String) -> Duration? {
        fields["grace"].flatMap { self.context.duration($0.value, of: "\(place).grace", in: Self.graces) }
    }

    /// `every`, or `cron` and perhaps `zone`.
    private func schedule(_ fields: [String: YAMLMember], in place: String) -> WorkerDefinition.Schedule? {
        if let every = fields["every"] {
            for key in ["cron", "zone"] {
                guard let other = fields[key] else { continue }
                self.context.report(.contradiction, at: other, "`\(key)` does not go with `every`")
            }
            return self.context.duration(every.value, of: "\(place).every", in: Self.periods).map { .every($0) }
        }
        guard let cron = fields["cron"] else {
            if let zone = fields["zone"] { self.context.report(.contradiction, at: zone, "`zone` belongs to `cron`") }
            return nil
        }
        guard let text = self.context.text(cron.value, of: "\(place).cron") else { return nil }
        let zone = fields["zone"].flatMap { self.zone($0.value, in: place) } ?? ("UTC", TimeZoneRules.utc)
        do throws(CronError) {
            return .cron(try CronSchedule(text.text), zone: zone.0, zone.1)
        } catch {
            self.context.report(.badValue, at: cron.value, "`\(place).cron` \(error)")
            return nil
        }
    }

    private func zone(_ node: YAMLNode, in place: String) -> (String, TimeZoneRules)? {
        guard let text = self.context.text(node, of: "\(place).zone") else { return nil }
        if let rules = TimeZoneDatabase.zone(named: text.text) { return (text.text, rules) }
        let message = "unknown time zone `\(text.shown)`; IANA names are meant, such as Europe/Berlin or UTC"
        self.context.report(.badTimeZone, at: node, message)
        return nil
    }

    /// `nightly-export`, or `{ worker: nightly-export, cron: "0 3 * * *", zone: Europe/Berlin, grace: 30m }`
    private func expected(_ node: YAMLNode) -> [WorkerDefinition.Expected] {
        let known = ["worker", "every", "cron", "zone", "grace"]
        return self.context.elements(node).compactMap { element in
            if case .scalar = element {
                return self.context.text(element, of: "with.expect").map { WorkerDefinition.Expected(key: $0.text) }
            }
            var fields: [String: YAMLMember] = [:]
            for member in self.context.members(element, of: "with.expect") ?? [] {
                if known.contains(member.key) {
                    fields[member.key] = member
                } else {
                    self.context.reportUnknown(member, known: known, inside: "with.expect")
                }
            }
            guard let worker = fields["worker"] else {
                self.context.report(.missingField, at: element, "`with.expect` needs `worker`, a name")
                return nil
            }
            guard let name = self.context.text(worker.value, of: "with.expect.worker") else { return nil }
            return WorkerDefinition.Expected(
                key: name.text,
                schedule: self.schedule(fields, in: "with.expect"),
                grace: self.grace(fields, in: "with.expect")
            )
        }
    }
}
