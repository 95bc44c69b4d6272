import Events
import Reactions

/// One registry and a clock: seconds since the scenario began.
struct ContractScenario {
    static let epoch: Int64 = 1_795_221_600_000_000

    var registry: ContractRegistry
    private(set) var now = 0.0
    private(set) var actions: [ContractAction] = []

    init(_ definition: ContractDefinition = ContractScenario.definition(), limits: ContractLimits = ContractLimits()) {
        self.registry = ContractRegistry(definition, limits: limits)
    }

    /// The standard contract, without the question before a run is called stale.
    static func definition() -> ContractDefinition {
        var definition = ContractDefinition()
        definition.truthPatience = .zero
        return definition
    }

    var timestamp: Timestamp { Timestamp(microseconds: Self.epoch + Int64(self.now * 1_000_000)) }

    /// Lets time pass up to that second; every deadline on the way is noticed when it comes.
    mutating func advance(to second: Double) {
        let end = Self.epoch + Int64(second * 1_000_000)
        while let due = self.registry.nextDeadline, due.microseconds <= end {
            self.actions += self.registry.handle(.deadlineReached, at: max(due, self.timestamp))
        }
        self.now = second
    }

    mutating func tell(_ input: RunInput, run: String = "r1", tenant: String = "t1", at second: Double? = nil) {
        if let second { self.advance(to: second) }
        self.actions += self.registry.handle(.run(id: run, tenant: tenant, input), at: self.timestamp)
    }

    mutating func acknowledge(
        _ action: AuditedAction,
        id: String = "1",
        status: Acknowledgement.Status = .success,
        error: String? = nil,
        at second: Double? = nil
    ) {
        self.tell(.acknowledged(Acknowledgement(id: id, action: action, status: status, error: error)), at: second)
    }

    /// The three actions of the standard contract beside the end.
    mutating func acknowledgeAll(at second: Double) {
        self.acknowledge(.createIncident, at: second)
        self.acknowledge(.evaluatePolicy)
        self.acknowledge(.startTrace)
    }

    mutating func handle(_ input: ContractRegistry.Input) {
        self.actions += self.registry.handle(input, at: self.timestamp)
    }

    func time(_ second: Double) -> Timestamp { Timestamp(microseconds: Self.epoch + Int64(second * 1_000_000)) }

    var status: ContractStatus { self.registry.status(of: "r1") }

    var reports: [ContractReport] {
        self.actions.compactMap {
            guard case .report(let report) = $0 else { return nil }
            return report
        }
    }

    var findings: [ContractFinding] { self.reports.flatMap(\.findings) }
    var kinds: [ContractFinding.Kind] { self.findings.map(\.kind) }

    var alerts: [ContractAlert] {
        self.actions.compactMap {
            guard case .raise(let alert) = $0 else { return nil }
            return alert
        }
    }

    var resolutions: [ContractResolution] {
        self.actions.compactMap {
            guard case .resolve(let resolution) = $0 else { return nil }
            return resolution
        }
    }

    var refusals: [ContractRefusal] {
        self.actions.compactMap {
            guard case .refused(_, let reason) = $0 else { return nil }
            return reason
        }
    }
}
