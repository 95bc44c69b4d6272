package import Events
package import Reactions
import Synchronization

/// The built-ins that remember, by number.
///
/// A handler keeps its number and what its machine knows when the configuration is read anew. Whoever calls decides in
/// which order: one at a time.
package final class MachineSet: Sendable {
    private struct Kept {
        var machine: any Machine
        /// Whether a handler of the configuration in force uses it.
        var isInUse = true
        /// Whether it knows what is written down, where reactors share what they know.
        var isLoaded = false
    }

    private let places = Mutex<[Kept]>([])

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
                // Meanwhile others have gone on.
                if !places[known].isInUse { places[known].isLoaded = false }
                places[known].isInUse = true
                if !places[known].machine.update(definition) {
                    places[known] = Kept(machine: self.machine(of: name, definition))
                }
                return known
            }
            places.append(Kept(machine: self.machine(of: name, definition)))
            return places.count - 1
        }
    }

    private func machine(of name: String, _ definition: MachineDefinition) -> any Machine {
        let machine = definition.machine(name: name)
        guard self.keepsHistory, var contract = machine as? ContractMachine else { return machine }
        contract.keepsHistory = true
        return contract
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
            return Self.numbered(places[machine].machine.handle(event, moment), machine)
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

    /// The numbers of the contracts that an event means something to.
    package func contracts(thatTake event: Event) -> [Int] {
        self.places.withLock { places in
            places.indices.filter { index in
                places[index].isInUse && (places[index].machine as? ContractMachine)?.takes(event) == true
            }
        }
    }

    private func inAll(
        _ moment: MachineMoment,
        _ body: (inout any Machine) -> [MachineOutput]
    ) -> [MachineOutput] {
        self.places.withLock { places in
            var outputs: [MachineOutput] = []
            for index in places.indices where places[index].isInUse {
                var told = body(&places[index].machine)
                if self.keepsHistory, !told.isEmpty, let contract = places[index].machine as? ContractMachine {
                    // What was found without an event changes how runs stand, too.
                    let runs = Set(told.compactMap { if case .count(.finding, _) = $0.content { $0.key } else { nil } })
                    for run in runs {
                        guard let row = contract.row(ofRun: run, at: moment.now) else { continue }
                        told.append(MachineOutput(key: run, .record(row)))
                    }
                }
                outputs += Self.numbered(told, index)
            }
            return outputs
        }
    }

    private static func numbered(_ outputs: consuming [MachineOutput], _ machine: Int) -> [MachineOutput] {
        for index in outputs.indices { outputs[index].machine = machine }
        return outputs
    }
}

// MARK: - What reactors share

extension MachineSet {
    /// Something that a machine knows.
    package struct Place: Sendable, Hashable {
        package var machine: Int
        package var key: HashedText
    }

    /// Machines that share what they know and have not been told yet what is written down; they count as told from now on.
    package func takeUnloaded() -> [(number: Int, name: String)] {
        self.places.withLock { places in
            var unloaded: [(number: Int, name: String)] = []
            for index in places.indices where places[index].isInUse && !places[index].isLoaded {
                places[index].isLoaded = true
                guard var machine = places[index].machine as? any SharedMachine else { continue }
                machine.beginSharing()
                places[index].machine = machine
                unloaded.append((index, machine.name))
            }
            return unloaded
        }
    }

    /// Those that share what they know.
    package var shared: [(number: Int, name: String)] {
        self.places.withLock { places in
            places.indices.filter { places[$0].isInUse && places[$0].machine is any SharedMachine }
                .map { ($0, places[$0].machine.name) }
        }
    }

    package func name(of machine: Int) -> String { self.places.withLock { $0[machine].machine.name } }

    /// All that has changed since the last call.
    package func takeChanges() -> [Place] {
        self.places.withLock { places in
            var changes: [Place] = []
            for index in places.indices where places[index].isInUse && places[index].isLoaded {
                Self.change(&places[index].machine) { machine in
                    changes += machine.takeChanges().map { Place(machine: index, key: $0) }
                }
            }
            return changes
        }
    }

    /// What is to be written down of places of one machine, in their order.
    package func states(of keys: ArraySlice<Place>) -> [MachineState?] {
        guard let first = keys.first else { return [] }
        return self.places.withLock { places in
            var states = [MachineState?](repeating: nil, count: keys.count)
            Self.change(&places[first.machine].machine) { machine in
                for (index, place) in zip(states.indices, keys) { states[index] = machine.state(of: place.key) }
            }
            return states
        }
    }

    /// Whether what is stored was written after all that is known here to have been written at that place.
    package func isLater(_ stored: [UInt8], than place: Place) -> Bool {
        self.places.withLock { places in
            (places[place.machine].machine as? any SharedMachine)?.isLater(stored, than: place.key.text) ?? false
        }
    }

    /// Places of one machine are written down.
    package func confirm(_ places: [Place]) {
        self.places.withLock { all in
            guard let first = places.first else { return }
            Self.change(&all[first.machine].machine) { machine in
                for place in places { machine.confirm(place.key) }
            }
        }
    }

    package func restore(_ stored: [StoredKey], machine: Int, _ moment: MachineMoment) {
        self.places.withLock { places in
            Self.change(&places[machine].machine) { machine in
                for key in stored { machine.restore(key.key, key.bytes, moment) }
            }
        }
    }

    package func adopt(_ stored: [UInt8]?, at place: Place, _ moment: MachineMoment) -> [MachineOutput] {
        self.places.withLock { places in
            var outputs: [MachineOutput] = []
            Self.change(&places[place.machine].machine) { machine in
                outputs = machine.adopt(place.key.text, stored, moment)
            }
            return Self.numbered(outputs, place.machine)
        }
    }

    /// Changes a machine in its place: it is taken out meanwhile, so that nothing of it is copied.
    private static func change(_ machine: inout any Machine, _ body: (inout any SharedMachine) -> Void) {
        guard var shared = machine as? any SharedMachine else { return }
        machine = NoMachine()
        body(&shared)
        machine = shared
    }
}

/// Stands in a place whose machine is in hand.
private struct NoMachine: Machine {
    let name = ""
    var nextDeadline: Timestamp? { nil }
    var figures: MachineFigures { MachineFigures(kept: 0) }
    mutating func handle(_ event: Event, _ moment: MachineMoment) -> [MachineOutput] { [] }
    mutating func handle(_ notice: MachineNotice, _ moment: MachineMoment) -> [MachineOutput] { [] }
    mutating func advance(_ moment: MachineMoment) -> [MachineOutput] { [] }
    mutating func update(_ definition: MachineDefinition) -> Bool { false }
}
