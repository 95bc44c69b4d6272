internal import EventPatterns
internal import Events
internal import Reactions

/// Reads `steps`: when something happens, what, and what is expected then.
struct ScenarioStepReader {
    let context: ReadingContext
    /// The names of those that are told of alerts.
    let receivers: [String]

    private static let keys = [
        "at", "advance", "event", "events", "raw", "times", "every", "receiver", "silence", "blind", "expect",
    ]
    /// A year of scenario time; more is a slip of the unit.
    private static let times = Duration.zero...Duration.seconds(366 * 86_400)
    private static let repetitions = 1...100_000
    private static let maximum = 10_000

    func read(_ node: YAMLNode) -> [ScenarioStep] {
        guard case .sequence(let elements, _) = node, !elements.isEmpty else {
            let message = "`steps` needs a list such as [{at: 1s, event: {type: run.started}}], found \(node.kind)"
            self.context.report(.wrongKind, at: node, message)
            return []
        }
        guard elements.count <= Self.maximum else {
            self.context.report(.badScenario, at: node, "there are \(elements.count) steps, at most \(Self.maximum)")
            return []
        }
        var now = Duration.zero
        var steps: [ScenarioStep] = []
        for element in elements {
            if let step = self.step(element, &now) { steps.append(step) }
            guard now <= Self.times.upperBound else {
                self.context.report(.badScenario, at: element, "a scenario lasts a year at most")
                return steps
            }
        }
        return steps
    }

    private func step(_ node: YAMLNode, _ now: inout Duration) -> ScenarioStep? {
        guard let fields = FieldSet(node, of: "step", known: Self.keys, in: self.context) else { return nil }
        self.readTime(fields, &now)
        let at = now
        var actions: [ScenarioAction] = []
        if let node = fields["receiver"] { actions += self.scripts(node) }
        if let node = fields["silence"], let silence = self.silence(node) { actions.append(.silence(silence)) }
        if let length = fields.duration("blind", in: .milliseconds(1)...Self.times.upperBound) {
            actions.append(.blind(length))
        }
        if let events = self.events(fields, &now) { actions.append(events) }
        let expectations = fields["expect"].map { ScenarioExpectReader(context: self.context).read($0) } ?? []
        if case .mapping(let members, _) = node, members.isEmpty {
            self.context.report(.badScenario, at: node, "the step says nothing: \(ValueNeeds.list(Self.keys))")
        }
        return ScenarioStep(
            at: at,
            actions: actions,
            expectations: expectations,
            location: self.context.location(of: node)
        )
    }

    // MARK: - Time

    private func readTime(_ fields: FieldSet, _ now: inout Duration) {
        if let member = fields.member("advance"), fields["at"] != nil {
            self.context.report(.contradiction, at: member, "a step has either `at` or `advance`, not both")
            return
        }
        if let length = fields.duration("advance", in: Self.times) { now += length }
        guard let at = fields.duration("at", in: Self.times), let node = fields["at"] else { return }
        guard at >= now else {
            let message = "steps go forward in time: it is \(DurationText.format(now)) already"
            self.context.report(.badScenario, at: node, message)
            return
        }
        now = at
    }

    // MARK: - What happens

    private func events(_ fields: FieldSet, _ now: inout Duration) -> ScenarioAction? {
        let given = ["event", "events", "raw"].compactMap { fields.member($0) }
        guard let member = given.first else {
            for name in ["times", "every"] {
                guard let member = fields.member(name) else { continue }
                self.context.report(.contradiction, at: member, "`\(name)` repeats events, and the step has none")
            }
            return nil
        }
        if let second = given.dropFirst().first {
            let message = "a step has one of `event`, `events` and `raw`, not several"
            self.context.report(.contradiction, at: second, message)
        }
        let times = fields.integer("times", in: Self.repetitions) ?? 1
        let every = fields.duration("every", in: Self.times) ?? .zero
        if fields["times"] == nil, let pause = fields.member("every") {
            self.context.report(.contradiction, at: pause, "`every` is the pause between repetitions; give `times` too")
        }
        now += every * (times - 1)
        let reader = ScenarioEventReader(context: self.context)
        switch member.key {
        case "event": return reader.event(member.value).map { .events([$0], times: times, every: every) }
        case "raw": return reader.raw(member.value).map { .events([$0], times: times, every: every) }
        default:
            guard case .sequence(let elements, _) = member.value, !elements.isEmpty else {
                self.context.report(.wrongKind, at: member.value, "`events` needs a list, found \(member.value.kind)")
                return nil
            }
            return .events(elements.compactMap { reader.event($0) }, times: times, every: every)
        }
    }

    // MARK: - Receivers

    /// One receiver, or several in a list.
    private func scripts(_ node: YAMLNode) -> [ScenarioAction] {
        self.context.elements(node).compactMap { self.script($0) }
    }

    private func script(_ node: YAMLNode) -> ScenarioAction? {
        guard let fields = FieldSet(node, of: "receiver", known: ["name", "answers"], in: self.context),
            let nameNode = fields.required("name"), let name = self.context.text(nameNode, of: "name"),
            let answersNode = fields.required("answers")
        else { return nil }
        guard self.receivers.contains(name.text) else {
            let nearest = NearestName.findIgnoringCase(name.text, among: self.receivers)
            let hint = nearest.map { "; did you mean `\($0)`?" } ?? "; there are \(ValueNeeds.list(self.receivers))"
            let message = "there is no receiver `\(name.shown)`\(hint)"
            self.context.report(.unknownReceiver, at: nameNode, message, suggestion: nearest)
            return nil
        }
        let elements = self.context.elements(answersNode)
        guard !elements.isEmpty else {
            self.context.report(.badValue, at: answersNode, "`answers` needs at least one, such as [503, 200]")
            return nil
        }
        let answers = elements.compactMap { self.answer($0) }
        return answers.count == elements.count ? .script(receiver: name.text, answers: answers) : nil
    }

    private func answer(_ node: YAMLNode) -> ScriptedAnswer? {
        if case .mapping = node {
            let known = ["status", "retry_after"]
            guard let fields = FieldSet(node, of: "answer", known: known, in: self.context),
                fields.required("status") != nil, let status = fields.integer("status", in: 100...599)
            else { return nil }
            return .status(status, retryAfter: fields.duration("retry_after", in: Self.times))
        }
        let needs = "an HTTP status, `ok`, `timeout` or `refused`"
        guard let value = self.context.scalar(node, of: "answers", needs: needs) else { return nil }
        switch value.text {
        case "ok": return .taken
        case "timeout": return .timeout
        case "refused": return .refused
        default:
            if let status = Int(value.text), (100...599).contains(status) { return .status(status, retryAfter: nil) }
            self.context.report(.badValue, at: node, "an answer needs \(needs), found `\(value.shown)`")
            return nil
        }
    }

    // MARK: - Silences

    private func silence(_ node: YAMLNode) -> ScenarioSilence? {
        let known = ["name", "matchers", "for", "reason", "ack"]
        guard let fields = FieldSet(node, of: "silence", known: known, in: self.context) else { return nil }
        let matchers = fields.required("matchers").map {
            MatchersReader(context: self.context).either($0, of: "silence.matchers")
        }
        guard fields.required("for") != nil,
            let length = fields.duration("for", in: .seconds(1)...Self.times.upperBound),
            let matchers, !matchers.isEmpty
        else { return nil }
        return ScenarioSilence(
            name: fields.text("name") ?? "silence",
            matchers: matchers,
            length: length,
            reason: fields.text("reason") ?? "a scenario asks for it",
            endsOnResolve: fields.boolean("ack") ?? false
        )
    }
}
