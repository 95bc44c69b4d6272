internal import EventPatterns
internal import Reactions

/// A receiver as the file says.
struct ReadReceiver {
    enum Outcome {
        case usable(ReceiverDefinition)
        /// Its address is empty: there is nobody to tell, which is how an installation leaves a receiver out.
        case off
        /// Something is wrong with it, which was reported.
        case refused
    }

    var name: String
    var place: YAMLNode
    var outcome: Outcome

    var isOff: Bool { if case .off = self.outcome { true } else { false } }
    var definition: ReceiverDefinition? { if case .usable(let definition) = self.outcome { definition } else { nil } }
}

/// Reads `alerts.receivers`: who can be told, and how.
struct ReceiversReader {
    let context: ReadingContext

    private static let common = [
        "name", "allow_private", "ca_file", "concurrency", "timeout", "title", "body", "send_resolved",
    ]
    private static let kinds = ReceiverKind.allCases.map(\.rawValue)
    private static let hints = [
        "url": "it belongs to the kind of receiver: webhook: { url: … }",
        "secret": "it belongs to the kind of receiver: webhook: { secret: { env: NAME } }",
        "channel": "it belongs to the kind of receiver: slack: { url: …, channel: … }",
        "webhook_configs": "write webhook: { url: … }", "slack_configs": "write slack: { url: … }",
        "pagerduty_configs": "write pagerduty: { routing_key: { env: NAME } }",
        "command": "it belongs to the kind of receiver: exec: { command: […] }",
        "path": "it belongs to the kind of receiver: file: { path: … }",
    ]
    /// Messages to one receiver at the same time.
    private static let concurrencies = 1...256
    private static let timeouts = Duration.milliseconds(100)...Duration.seconds(300)
    /// More than anybody tells, few enough to look through for each alert.
    static let maximum = 1_000

    func read(_ node: YAMLNode) -> [ReadReceiver] {
        guard case .sequence(let elements, _) = node else {
            let message = "`alerts.receivers` needs a list such as [{name: ops, webhook: {url: …}}], found \(node.kind)"
            self.context.report(.wrongKind, at: node, message)
            return []
        }
        guard elements.count <= Self.maximum else {
            self.context.report(.badValue, at: node, "there are \(elements.count) receivers, at most \(Self.maximum)")
            return []
        }
        var receivers: [ReadReceiver] = []
        for element in elements {
            guard let receiver = self.receiver(element) else { continue }
            if let first = receivers.first(where: { $0.name == receiver.name }) {
                let message = "receiver `\(receiver.name)` is already defined at line \(first.place.position.line)"
                self.context.report(.duplicateName, at: receiver.place, message)
            } else {
                receivers.append(receiver)
            }
        }
        return receivers
    }

    private func receiver(_ node: YAMLNode) -> ReadReceiver? {
        let known = Self.common + Self.kinds
        guard
            let fields = FieldSet(node, of: "receiver", known: known, hints: Self.hints, in: self.context)
        else { return nil }
        let errors = self.context.problems.errorCount
        let name = self.name(fields)
        let outcome = self.outcome(fields, name: name?.text ?? "receiver")
        guard let name else { return nil }
        let isRefused = self.context.problems.errorCount > errors
        return ReadReceiver(name: name.text, place: name.node, outcome: isRefused ? .refused : outcome)
    }

    private func name(_ fields: FieldSet) -> ReadScalar? {
        guard let node = fields.required("name"), let name = self.context.text(node, of: "name") else { return nil }
        guard HandlerReader.isName(name.text) else {
            let rule = "a letter first, then up to 62 of a-z, 0-9, `_` and `-`"
            self.context.report(.badReceiver, at: node, "receiver name `\(name.shown)` breaks the rule: \(rule)")
            return nil
        }
        return name
    }

    private func outcome(_ fields: FieldSet, name: String) -> ReadReceiver.Outcome {
        let kinds = Self.kinds.compactMap { fields.member($0) }
        guard let member = kinds.first, kinds.count == 1, let kind = ReceiverKind(rawValue: member.key) else {
            let found = kinds.isEmpty ? "" : ", found \(kinds.map { "`\($0.key)`" }.joined(separator: " and "))"
            let message = "a receiver has one kind: \(ValueNeeds.list(Self.kinds))\(found)"
            if let second = kinds.dropFirst().first {
                self.context.report(.badReceiver, at: second, message)
            } else {
                self.context.report(.badReceiver, at: fields.node, message)
            }
            return .refused
        }
        let allowsPrivate = fields.boolean("allow_private") ?? false
        let reader = TargetReader(context: self.context, policy: TargetPolicy(allowPrivate: allowsPrivate))
        if reader.isOff(kind, member) {
            let message = "receiver `\(name)` is switched off: its `url` is empty, so nobody is told through it"
            self.context.report(.receiverOff, at: member, message, severity: .warning)
            return .off
        }
        let target = reader.read(kind, member)
        // Read also when the target was refused, so that every problem is found.
        var receiver = ReceiverDefinition(name: name, target: target ?? .log)
        receiver.allowPrivate = allowsPrivate
        self.readCommon(fields, kind, into: &receiver)
        return target == nil ? .refused : .usable(receiver)
    }

    private func readCommon(_ fields: FieldSet, _ kind: ReceiverKind, into receiver: inout ReceiverDefinition) {
        for name in ["allow_private", "ca_file"] where !TargetReader.isHTTP(kind) {
            guard let member = fields.member(name) else { continue }
            let message = "`\(name)` is for receivers that are reached over HTTP, not for `\(kind.rawValue)`"
            self.context.report(.contradiction, at: member, message)
        }
        receiver.caFile = self.certificates(fields)
        receiver.concurrency = fields.integer("concurrency", in: Self.concurrencies) ?? receiver.concurrency
        receiver.timeout = fields.duration("timeout", in: Self.timeouts) ?? receiver.timeout
        receiver.sendsResolved = fields.boolean("send_resolved") ?? receiver.sendsResolved
        receiver.title = self.template(fields, "title")
        receiver.body = self.template(fields, "body")
    }

    private func certificates(_ fields: FieldSet) -> String? {
        guard let path = fields.text("ca_file"), let node = fields["ca_file"] else { return nil }
        do throws(FileText.Failure) {
            _ = try FileText.bytes(of: path, limit: 1)
        } catch {
            self.context.report(.badValue, at: node, "`ca_file` names a file that \(error.message)")
        }
        return path
    }

    private func template(_ fields: FieldSet, _ field: String) -> String? {
        guard let node = fields[field], let value = self.context.text(node, of: field) else { return nil }
        do throws(TemplateError) {
            _ = try AlertTemplate(value.text)
        } catch {
            let isExact = error.line == 1 && !value.isInterpolated
            let position =
                isExact
                ? value.scalar.position(at: error.column - 1, in: self.context.source) : value.scalar.position
            self.context.report(.badTemplate, at: position, "the template `\(field)` is not valid: \(error.message)")
        }
        return value.text
    }
}
