import Reactions
import Telemetry

/// The figures of built-ins that remember.
struct MachineMetrics {
    private typealias Catalog = MetricCatalog.Machines

    private let counts: [MachineCount: UInt64]
    private let figures: [(name: String, figures: MachineFigures)]
    private let waiting: Int

    init(_ machines: MachineSet, _ desk: MachineDesk?) {
        self.counts = desk?.counts ?? [:]
        self.figures = machines.figures
        self.waiting = desk?.depth ?? 0
    }

    func write(into writer: inout ExpositionWriter) {
        writer.family(Catalog.findings) { writer in
            for kind in ContractFinding.Kind.allCases {
                writer.sample(["finding": kind.rawValue], self.counts[.finding(kind)] ?? 0)
            }
        }
        self.write(Catalog.signals, "tier", into: &writer) { if case .signal(let tier) = $0 { tier } else { nil } }
        self.write(Catalog.flips, "state", into: &writer) { if case .flip(let state) = $0 { state } else { nil } }
        self.write(Catalog.refused, "reason", into: &writer) { if case .refused(let why) = $0 { why } else { nil } }
        writer.family(Catalog.kept) { writer in
            for (name, figures) in self.figures { writer.sample(["handler": name], UInt64(figures.kept)) }
        }
        writer.family(Catalog.forgottenEarly) { writer in
            for (name, figures) in self.figures { writer.sample(["handler": name], figures.forgottenEarly) }
        }
        writer.family(Catalog.waiting, UInt64(self.waiting))
    }

    private func write(
        _ metric: MetricDescription,
        _ label: String,
        into writer: inout ExpositionWriter,
        _ value: (MachineCount) -> String?
    ) {
        writer.family(metric) { writer in
            let samples = self.counts.compactMap { count, number in value(count).map { ($0, number) } }
            for (text, number) in samples.sorted(by: { $0.0 < $1.0 }) { writer.sample([label: text], number) }
        }
    }
}
