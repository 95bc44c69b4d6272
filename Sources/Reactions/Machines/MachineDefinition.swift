package import EventPatterns

/// What a built-in that remembers is to do, as a file says it.
package enum MachineDefinition: Sendable, Hashable {
    /// `uses: audit-contract`, and `uses: run-liveness`, which is a contract that expects nothing but the end.
    case contract(ContractDefinition)
    /// `uses: threshold`.
    case threshold(ThresholdDefinition)
    /// `uses: heartbeat-monitor`
    case workers(WorkerDefinition)

    /// A machine that remembers nothing yet.
    ///
    /// - Parameter name: the handler's.
    package func machine(name: String) -> any Machine {
        switch self {
        case .contract(let definition): ContractMachine(name: name, definition)
        case .threshold(let definition): ThresholdMachine(name: name, definition)
        case .workers(let definition): WorkerMachine(name: name, definition)
        }
    }

    /// The event types it listens to, each once.
    package var on: [TypePattern] {
        switch self {
        case .contract(let definition): definition.events.on
        case .threshold(let definition): definition.on
        case .workers(let definition): definition.on
        }
    }

    /// What the list of handlers says of it.
    package var summary: String {
        switch self {
        case .contract(let definition): definition.expectations.isEmpty ? "run-liveness" : "audit-contract"
        case .threshold: "threshold"
        case .workers: "heartbeat-monitor"
        }
    }
}

extension ContractEvents {
    /// All types that mean something, each once.
    package var on: [TypePattern] {
        var seen: Set<TypePattern> = []
        let all =
            self.started + self.declared + self.acknowledged + self.acks.map(\.on) + self.paused + self.resumed
            + self.progressed
        return all.filter { seen.insert($0).inserted }
    }
}
