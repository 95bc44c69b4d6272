import Reactions
import Telemetry

/// Writes the metrics of what lies between decisions and receivers.
struct DeliveryMetrics {
    private typealias Catalog = MetricCatalog.Deliveries

    private let counts: DeliveryCounts.Counts
    private let names: [String]
    private let standings: [String: ReceiverSet.Standing]
    private let figures: [OutboxFigures]

    init(_ deliveries: Deliveries, _ lines: [DeliveryLine]) {
        self.counts = deliveries.counts.values
        self.names = deliveries.receivers.names
        self.standings = deliveries.receivers.standings
        self.figures = lines.map(\.figures)
    }

    func write(into writer: inout ExpositionWriter) {
        writer.family(Catalog.deliveries) { writer in
            for name in Set(self.names).union(self.counts.outcomes.keys).sorted() {
                for outcome in DeliveryCounts.Outcome.allCases {
                    let count = self.counts.outcomes[name]?[outcome] ?? 0
                    writer.sample(["receiver": name, "outcome": outcome.rawValue], count)
                }
            }
        }
        writer.family(Catalog.planned, self.counts.planned)
        writer.family(Catalog.unreadable, self.counts.refused)
        writer.family(Catalog.takenOver, self.counts.takenOver)
        writer.family(Catalog.notices, UInt64(self.figures.reduce(0) { $0 + $1.notices }))
        writer.family(Catalog.groups, UInt64(self.figures.reduce(0) { $0 + $1.groups }))
        writer.family(Catalog.deadLetters, UInt64(self.figures.reduce(0) { $0 + $1.deadLetters }))
        let waiting = self.figures.reduce(into: [:]) { $0.merge($1.waiting, uniquingKeysWith: +) }
        writer.family(Catalog.depth) { writer in
            for name in Set(self.names).union(waiting.keys).sorted() {
                writer.sample(["receiver": name], waiting[name] ?? 0)
            }
        }
        let disabled = Set(self.figures.flatMap(\.disabled.keys))
        writer.family(Catalog.inFlight) { writer in
            for name in self.names { writer.sample(["receiver": name], self.standings[name]?.inFlight ?? 0) }
        }
        writer.family(Catalog.breaker) { writer in
            for name in self.names {
                for state in ["closed", "open", "half_open"] {
                    let isState = self.standings[name]?.breaker == state
                    writer.sample(["receiver": name, "state": state], isState ? 1 : 0)
                }
            }
        }
        writer.family(Catalog.disabled) { writer in
            for name in self.names { writer.sample(["receiver": name], disabled.contains(name) ? 1 : 0) }
        }
    }
}
