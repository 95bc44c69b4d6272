package import Events
import SeededRandom

/// An endless (or bounded) mix of made-up runs, many at a time, in the order of time.
///
/// Equal settings give equal events.
package struct RunLifecycles: Sequence, Sendable {
    package struct Settings: Sendable, Hashable {
        package var seed: UInt64
        /// How many runs there are in all; nil: without end.
        package var runs: Int?
        /// How many runs are under way at a time.
        package var concurrentRuns: Int
        package var tenants: Int
        package var mix: RunMix
        /// Whether what is wrong with a run is also published as `audit.reconciliation.*`.
        package var publishesFindings: Bool
        /// The wall-clock time at which the scenario begins, for times inside payloads.
        package var epoch: Timestamp

        package init(
            seed: UInt64,
            runs: Int? = nil,
            concurrentRuns: Int = 20,
            tenants: Int = 5,
            mix: RunMix = RunMix(),
            publishesFindings: Bool = true,
            epoch: Timestamp
        ) {
            self.seed = seed
            self.runs = runs
            self.concurrentRuns = Swift.max(1, concurrentRuns)
            self.tenants = Swift.max(1, tenants)
            self.mix = mix
            self.publishesFindings = publishesFindings
            self.epoch = epoch
        }
    }

    private let settings: Settings

    package init(_ settings: Settings) { self.settings = settings }

    package func makeIterator() -> Iterator { Iterator(self.settings) }

    package struct Iterator: IteratorProtocol {
        private let settings: Settings
        private var random: SplitMix64
        private var started = 0
        /// The runs under way, each with what is left of it, the next event last.
        private var runs: [[SyntheticEvent]] = []

        fileprivate init(_ settings: Settings) {
            self.settings = settings
            self.random = SplitMix64(seed: settings.seed)
            for _ in 0..<settings.concurrentRuns {
                // Spread over two seconds, so that the runs are at different points.
                let start = Duration.milliseconds(Int.random(in: 0..<2000, using: &self.random))
                if let run = self.nextRun(start: start) { self.runs.append(run) }
            }
        }

        package mutating func next() -> SyntheticEvent? {
            guard let index = self.runs.indices.min(by: { self.due($0) < self.due($1) }) else { return nil }
            let event = self.runs[index].removeLast()
            if self.runs[index].isEmpty {
                if let run = self.nextRun(start: event.offset + .milliseconds(50)) {
                    self.runs[index] = run
                } else {
                    self.runs.remove(at: index)
                }
            }
            return event
        }

        private func due(_ index: Int) -> Duration { self.runs[index].last?.offset ?? .zero }

        private mutating func nextRun(start: Duration) -> [SyntheticEvent]? {
            guard self.started < self.settings.runs ?? .max else { return nil }
            self.started += 1
            let tenant = Int.random(in: 1...self.settings.tenants, using: &self.random)
            let identity = String(self.random.next() >> 32, radix: 16)
            var script = RunScript(
                runID: "run-\(self.started)-\(identity)",
                tenantID: "tenant-\(tenant)",
                start: start,
                epoch: self.settings.epoch
            )
            let fate = self.settings.mix.fate(using: &self.random)
            script.play(fate, publishesFindings: self.settings.publishesFindings, using: &self.random)
            return script.events.reversed()
        }
    }
}
