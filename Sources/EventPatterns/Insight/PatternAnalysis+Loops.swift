extension PatternAnalysis {
    /// Rules that publish what makes them publish again. Patterns are not looked at: what a rule publishes may or may not
    /// match them.
    static func loops(_ rules: [AnalyzedRule]) -> [PatternFinding] {
        let listeners = Listeners(rules)
        var selves: [PatternFinding] = []
        let steps = rules.enumerated().map { index, rule -> [PublishCircles.Step] in
            guard rule.isEnabled else { return [] }
            return rule.publishes.enumerated().flatMap { number, type -> [PublishCircles.Step] in
                let hearing = listeners.indices(hearing: type)
                if hearing.contains(index) {
                    let message = "`\(rule.name)` publishes `\(type)`, which it also listens to: an endless loop"
                    selves.append(
                        PatternFinding(.publishesToItself, message, rule: index, publication: number)
                    )
                }
                return hearing.filter { $0 != index }.map {
                    PublishCircles.Step(from: index, to: $0, publication: number)
                }
            }
        }
        return selves + PublishCircles(steps: steps).find().map { Self.finding($0, rules) }
    }

    private static func finding(_ circle: [PublishCircles.Step], _ rules: [AnalyzedRule]) -> PatternFinding {
        var message = "`\(rules[circle[0].from].name)`"
        for (index, step) in circle.enumerated() {
            let verb = index == 0 ? " publishes" : ", which publishes"
            let type = rules[step.from].publishes[step.publication]
            message += "\(verb) `\(type)` for `\(rules[step.to].name)`"
        }
        return PatternFinding(
            .publishLoop,
            message + ": possible endless loop",
            rule: circle[0].from,
            otherRule: circle[0].to,
            publication: circle[0].publication
        )
    }

    /// Which rules hear an event type: exact types are looked up, only wildcards are tried one by one.
    private struct Listeners {
        private var exact: [[UInt8]: [Int]] = [:]
        private var wildcards: [(pattern: BytewiseType, index: Int)] = []

        init(_ rules: [AnalyzedRule]) {
            for (index, rule) in rules.enumerated() where rule.isEnabled {
                for pattern in Set(rule.on.map(BytewiseType.init)) {
                    if case .exact(let type) = pattern {
                        self.exact[type, default: []].append(index)
                    } else {
                        self.wildcards.append((pattern, index))
                    }
                }
            }
        }

        func indices(hearing type: String) -> [Int] {
            let type = Array(type.utf8)
            let others = self.wildcards.filter { Implication.implies([.exact(type)], [$0.pattern]) }.map(\.index)
            return Set((self.exact[type] ?? []) + others).sorted()
        }
    }
}
