package import Events
package import Reactions
import Synchronization

/// The built-ins that remember, by number.
///
/// A handler keeps its number and what its machine knows when the configuration is read anew. Whoever calls decides in
/// which order: one at a time.
package final class MachineSet: Sendable {
    private struct Place {
        var machine: any Machine
        /// Whether a handler of the configuration in force uses it.
        var isInUse = true
    }

    private let places = Mutex<[Place]>([])

    /// Whether somebody keeps what happens to runs; set before anything is handled.
    private let keepsHistory: Bool

    package init(keepsHistory: Bool = false) {
        self.keepsHistory = keepsHistory
    }

    /// The number of a handler's machine, which is made when there is none of that name and kind, and told its settings
    /// otherwise.
    package func number(of name: String, _ definition: MachineDefinition) -> Int {
        self.places.withLock { places in
            if let known = places.firstIndex(where: { $0.machine.name == name }) {
                places[known].isInUse = true
                if !places[known].machine.update(definition) {
                    places[known].machine = definition.machine(name: name)
                }
                return known
            }
            places.append(Place(machine: definition.machine(name: name)))
            return places.count - 1
        }
    }

    /// Machines of handlers that are gone, or switched off, are not asked any more until they are needed again.
    package func keepOnly(_ entries: [HandlerEntry]) {
        let numbers = entries.compactMap { if case .machine(let number) = $0.body, $0.enabled { number } else { nil } }
        self.places.withLock { places in
            for number in places.indices where !numbers.contains(number) { places[number].isInUse = false }
        }
    }

    package var isEmpty: Bool { self.places.withLock { $0.isEmpty } }

    /// Hands a machine an event.
    package func handle(_ event: Event, machine: Int, _ moment: MachineMoment) -> [MachineOutput] {
        self.places.withLock { places in
            guard places.indices.contains(machine), places[machine].isInUse else { return [] }
            let outputs = places[machine].machine.handle(event, moment)
            guard self.keepsHistory, let contract = places[machine].machine as? ContractMachine else { return outputs }
            return outputs
                + contract.rows(of: event, at: moment.now).map { MachineOutput(key: $0.runID, .record($0)) }
        }
    }

    /// Tells all machines.
    package func handle(_ notice: MachineNotice, _ moment: MachineMoment) -> [MachineOutput] {
        self.inAll(moment) { $0.handle(notice, moment) }
    }

    /// Works off what is due in all machines, as far as they do that in one step.
    package func advance(_ moment: MachineMoment) -> [MachineOutput] {
        self.inAll(moment) { machine in
            guard let due = machine.nextDeadline, due <= moment.now else { return [] }
            return machine.advance(moment)
        }
    }

    /// When `advance` has something to do; nil for never.
    package var nextDeadline: Timestamp? {
        self.places.withLock { places in places.lazy.filter(\.isInUse).compactMap(\.machine.nextDeadline).min() }
    }

    /// Figures by handler.
    package var figures: [(name: String, figures: MachineFigures)] {
        self.places.withLock { $0.filter(\.isInUse).map { ($0.machine.name, $0.machine.figures) } }
    }

    /// Asks each machine of a kind in turn until one has an answer.
    package func first<Kind: Machine, Answer: Sendable>(of kind: Kind.Type, _ ask: (Kind) -> Answer?) -> Answer? {
        self.places.withLock { places in
            for place in places where place.isInUse {
                if let machine = place.machine as? Kind, let answer = ask(machine) { return answer }
            }
            return nil
        }
    }

    /// What each machine of a kind answers.
    package func all<Kind: Machine, Answer: Sendable>(of kind: Kind.Type, _ ask: (Kind) -> Answer) -> [Answer] {
        self.places.withLock { places in
            places.filter(\.isInUse).compactMap { ($0.machine as? Kind).map(ask) }
        }
    }

    private func inAll(
        _ moment: MachineMoment,
        _ body: (inout any Machine) -> [MachineOutput]
    ) -> [MachineOutput] {
        self.places.withLock { places in
            var outputs: [MachineOutput] = []
            for index in places.indices where places[index].isInUse {
                let told = body(&places[index].machine)
                outputs += told
                guard self.keepsHistory, !told.isEmpty, let contract = places[index].machine as? ContractMachine else {
                    continue
                }
                // What was found without an event changes how runs stand, too.
                let runs = Set(told.compactMap { if case .count(.finding, _) = $0.content { $0.key } else { nil } })
                for run in runs {
                    guard let row = contract.row(ofRun: run, at: moment.now) else { continue }
                    outputs.append(MachineOutput(key: run, .record(row)))
                }
            }
            return outputs
        }
    }
}
