/// Finds circles among rules that publish for each other, in time that grows with the number of steps and not with the
/// number of ways.
struct PublishCircles {
    /// One rule publishes what another hears.
    struct Step {
        var from: Int
        var to: Int
        /// Which of the first rule's publications.
        var publication: Int
    }

    /// The steps that begin at each rule.
    let steps: [[Step]]

    private enum Progress {
        case unseen
        case onTheWay
        case done
    }

    /// A circle for each step that leads back to where a walk came from, unless one of its rules is in another one.
    func find() -> [[Step]] {
        var progress = [Progress](repeating: .unseen, count: self.steps.count)
        var told: Set<Int> = []
        var circles: [[Step]] = []
        for start in self.steps.indices where progress[start] == .unseen {
            // The walk as the rules it goes through, each with the number of its next step; no recursion, for the
            // walk may be as long as there are rules.
            var walk: [(rule: Int, next: Int)] = [(start, 0)]
            progress[start] = .onTheWay
            while let (rule, next) = walk.last {
                guard next < self.steps[rule].count else {
                    progress[rule] = .done
                    walk.removeLast()
                    continue
                }
                walk[walk.count - 1].next += 1
                let step = self.steps[rule][next]
                switch progress[step.to] {
                case .done: break
                case .unseen:
                    progress[step.to] = .onTheWay
                    walk.append((step.to, 0))
                case .onTheWay:
                    // Both ends of this step would be in the circle.
                    if told.contains(step.to) || told.contains(rule) { break }
                    let circle = walk.drop { $0.rule != step.to }.map { self.steps[$0.rule][$0.next - 1] }
                    if told.isDisjoint(with: circle.map(\.from)) { circles.append(circle) }
                    told.formUnion(circle.map(\.from))
                }
            }
        }
        return circles
    }
}
