internal import EventPatterns
internal import Reactions

/// Reads where messages of a receiver go, and what that needs. Addresses and keys are secrets: no message shows them.
struct TargetReader {
    let context: ReadingContext
    /// Where messages may go.
    let policy: TargetPolicy

    private static let execTimes = Duration.milliseconds(100)...Duration.seconds(300)

    static func isHTTP(_ kind: ReceiverKind) -> Bool {
        switch kind {
        case .webhook, .slack, .pagerDuty, .alertmanager: true
        case .publish, .exec, .file, .log: false
        }
    }

    /// Whether the address is given and empty.
    func isOff(_ kind: ReceiverKind, _ member: YAMLMember) -> Bool {
        guard Self.isHTTP(kind), case .mapping(let members, _) = member.value,
            case .scalar(let scalar)? = members.first(where: { $0.key == "url" })?.value, !scalar.isNull
        else { return false }
        let result = Interpolation(scalar.text, environment: self.context.environment)
        return result.problems.isEmpty && result.text.isEmpty
    }

    /// Nil for one that was refused, which is then reported.
    func read(_ kind: ReceiverKind, _ member: YAMLMember) -> ReceiverDefinition.Target? {
        switch kind {
        case .webhook: return self.webhook(member)
        case .slack: return self.slack(member)
        case .pagerDuty: return self.pagerDuty(member)
        case .alertmanager: return self.alertmanager(member)
        case .publish: return self.publish(member)
        case .exec: return self.exec(member)
        case .file: return self.file(member)
        case .log:
            return self.fields(member, []) == nil ? nil : .log
        }
    }

    private func fields(_ member: YAMLMember, _ known: [String]) -> FieldSet? {
        guard !known.isEmpty else {
            for other in self.context.members(member.value, of: member.key) ?? [] {
                self.context.report(.unknownField, at: other, "`\(member.key)` has no fields: write \(member.key): {}")
            }
            return FieldSet(.mapping([], member.position), of: member.key, known: [], in: self.context)
        }
        return FieldSet(member.value, of: member.key, known: known, in: self.context)
    }

    // MARK: - Over HTTP

    private func webhook(_ member: YAMLMember) -> ReceiverDefinition.Target? {
        let known = ["url", "form", "secret", "secrets", "authorization"]
        guard let fields = self.fields(member, known) else { return nil }
        let url = self.url(fields)
        let forms = WebhookForm.allCases.map(\.rawValue)
        let form = fields["form"].map { self.context.word($0, of: "form", from: forms) }
        let secrets = self.signingSecrets(fields)
        let authorization = fields["authorization"].map { self.authorization($0, of: fields.path("authorization")) }
        guard let url else { return nil }
        var target = ReceiverDefinition.WebhookTarget(url: url)
        if let form = form ?? nil { target.form = WebhookForm(rawValue: form) ?? target.form }
        target.secrets = secrets
        target.authorization = authorization ?? nil
        return .webhook(target)
    }

    private func signingSecrets(_ fields: FieldSet) -> [Secret] {
        if let other = fields.member("secrets"), fields.member("secret") != nil {
            self.context.report(.contradiction, at: other, "a webhook has either `secret` or `secrets`, not both")
            return []
        }
        guard let node = fields["secret"] ?? fields["secrets"] else { return [] }
        let field = fields.path(fields["secret"] == nil ? "secrets" : "secret")
        let nodes = fields["secret"] == nil ? self.context.elements(node) : [node]
        let secrets = nodes.compactMap { self.secret($0, of: field) }
        guard secrets.count == nodes.count else { return [] }
        do throws(WebhookKeys.KeyError) {
            _ = try WebhookKeys(secrets)
        } catch {
            self.context.report(.badSecret, at: node, "`\(field)`: \(error.description)", hidesValue: true)
        }
        return secrets
    }

    /// The value of a header: visible characters, and blanks inside.
    private func authorization(_ node: YAMLNode, of field: String) -> Secret? {
        guard let secret = self.secret(node, of: field) else { return nil }
        guard secret.exposed.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }), secret.exposed.utf8.count <= 4096 else {
            let message = "`\(field)` is no value that a header can have: up to 4096 printable characters"
            self.context.report(.badSecret, at: node, message, hidesValue: true)
            return nil
        }
        return secret
    }

    private func slack(_ member: YAMLMember) -> ReceiverDefinition.Target? {
        guard let fields = self.fields(member, ["url", "channel"]) else { return nil }
        let channel = fields.text("channel")
        return self.url(fields).map { .slack(url: $0, channel: channel) }
    }

    private func pagerDuty(_ member: YAMLMember) -> ReceiverDefinition.Target? {
        guard let fields = self.fields(member, ["routing_key", "url"]) else { return nil }
        let url = fields["url"] == nil ? Secret(PagerDutyWire.address) : self.url(fields)
        guard let node = fields.required("routing_key"),
            let key = self.secret(node, of: fields.path("routing_key"))
        else { return nil }
        guard PagerDutyWire.isRoutingKey(key) else {
            let message = "`\(fields.path("routing_key"))` is no routing key: one has 32 letters and digits"
            self.context.report(.badSecret, at: node, message, hidesValue: true)
            return nil
        }
        return url.map { .pagerDuty(routingKey: key, url: $0) }
    }

    private func alertmanager(_ member: YAMLMember) -> ReceiverDefinition.Target? {
        guard let fields = self.fields(member, ["url", "labels"]) else { return nil }
        var labels: [String: String] = [:]
        for label in fields["labels"].flatMap({ self.context.members($0, of: fields.path("labels")) }) ?? [] {
            guard AlertLabels.isValidName(label.key) else {
                let message =
                    "`\(ReadingContext.shortened(label.key))` is no label name; one has letters, digits and _ only"
                self.context.report(.badMatcher, at: label, message)
                continue
            }
            labels[label.key] = self.context.text(label.value, of: fields.path("labels.\(label.key)"))?.text
        }
        return self.url(fields).map { .alertmanager(url: $0, labels: labels) }
    }

    /// The address, judged by all that can be judged without asking for its host.
    private func url(_ fields: FieldSet) -> Secret? {
        guard let node = fields.required("url") else { return nil }
        let field = fields.path("url")
        let url: Secret? =
            if case .mapping = node {
                SecretReader(context: self.context).read(node, of: field)
            } else {
                self.context.scalar(node, of: field, needs: "a URL").map { Secret($0.text) }
            }
        guard let url else { return nil }
        do throws(TargetRefusal) {
            try self.policy.check(try TargetURL(url.exposed))
            return url
        } catch {
            let needsPrivate = error.code == .badPort && self.policy.ports != nil
            let hint = needsPrivate ? "; receivers on other ports need allow_private: true" : ""
            self.context.report(.badTarget, at: node, "`\(field)`: \(error.message)\(hint)", hidesValue: true)
            return nil
        }
    }

    private func secret(_ node: YAMLNode, of field: String) -> Secret? {
        SecretReader(context: self.context).read(node, of: field)
    }

    // MARK: - On this machine

    private func publish(_ member: YAMLMember) -> ReceiverDefinition.Target? {
        guard let fields = self.fields(member, ["event_type", "channel"]) else { return nil }
        let actions = ActionListReader(context: self.context)
        let type = fields["event_type"].map { actions.publishedType($0) } ?? "alert.notification"
        let templates = TemplateReader(context: self.context)
        let channel = fields["channel"].flatMap { templates.literal($0, of: "channel") }
        return type.map { .publish(eventType: $0, channel: channel) }
    }

    private func exec(_ member: YAMLMember) -> ReceiverDefinition.Target? {
        guard let fields = self.fields(member, ["command", "time_limit", "env"]) else { return nil }
        let limit = fields.duration("time_limit", in: Self.execTimes) ?? .seconds(30)
        var environment: [String: String] = [:]
        for variable in fields["env"].flatMap({ self.context.members($0, of: fields.path("env")) }) ?? [] {
            let field = fields.path("env.\(variable.key)")
            environment[variable.key] = self.context.scalar(variable.value, of: field, needs: "a text")?.text
        }
        guard let node = fields.required("command") else { return nil }
        guard case .sequence(let elements, _) = node, !elements.isEmpty else {
            let message =
                "`\(fields.path("command"))` needs the list of the program and its arguments, "
                + "such as [/usr/bin/logger, -t, aos]; there is no shell that would take a line apart"
            self.context.report(.wrongKind, at: node, message)
            return nil
        }
        let arguments = elements.compactMap { self.context.scalar($0, of: fields.path("command"), needs: "a text") }
        guard arguments.count == elements.count, let program = arguments.first else { return nil }
        guard program.text.utf8.first == UInt8(ascii: "/") else {
            let message =
                "`\(fields.path("command"))` begins with the program's absolute path, found `\(program.shown)`"
            self.context.report(.badValue, at: program.node, message)
            return nil
        }
        for argument in arguments {
            if argument.text.contains("{{") {
                let message = "an argument cannot be a template: what an alert says comes on standard input, as JSON"
                self.context.report(.badTemplate, at: argument.node, message)
            } else if argument.text.utf8.contains(0) {
                self.context.report(.badValue, at: argument.node, "an argument has a NUL in it")
            }
        }
        return .exec(arguments: arguments.map(\.text), timeLimit: limit, environment: environment)
    }

    private func file(_ member: YAMLMember) -> ReceiverDefinition.Target? {
        guard let fields = self.fields(member, ["path"]), let node = fields.required("path") else { return nil }
        return self.context.text(node, of: fields.path("path")).map { .file(path: $0.text) }
    }
}
