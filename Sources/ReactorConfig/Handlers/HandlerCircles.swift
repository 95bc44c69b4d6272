/// Finds circles among handlers, in time that grows with their number and not with the number of ways.
struct HandlerCircles {
    /// One handler publishes what another hears.
    struct Step {
        var from: Int
        var to: Int
        /// Which of the first handler's publications.
        var publication: Int
    }

    /// The steps that begin at each handler.
    let steps: [[Step]]

    private enum Progress {
        case unseen
        case onTheWay
        case done
    }

    /// A circle for each step that leads back to where a walk came from, unless one of its handlers is in another one.
    func find() -> [[Step]] {
        var progress = [Progress](repeating: .unseen, count: self.steps.count)
        var told: Set<Int> = []
        var circles: [[Step]] = []
        for start in self.steps.indices where progress[start] == .unseen {
            // The walk as the handlers it goes through, each with the number of its next step; no recursion, for the
            // walk may be as long as there are handlers.
            var walk: [(handler: Int, next: Int)] = [(start, 0)]
            progress[start] = .onTheWay
            while let (handler, next) = walk.last {
                guard next < self.steps[handler].count else {
                    progress[handler] = .done
                    walk.removeLast()
                    continue
                }
                walk[walk.count - 1].next += 1
                let step = self.steps[handler][next]
                switch progress[step.to] {
                case .done: break
                case .unseen:
                    progress[step.to] = .onTheWay
                    walk.append((step.to, 0))
                case .onTheWay:
                    // Both ends of this step would be in the circle.
                    if told.contains(step.to) || told.contains(handler) { break }
                    let circle = walk.drop { $0.handler != step.to }.map { self.steps[$0.handler][$0.next - 1] }
                    if told.isDisjoint(with: circle.map(\.from)) { circles.append(circle) }
                    told.formUnion(circle.map(\.from))
                }
            }
        }
        return circles
    }
}
