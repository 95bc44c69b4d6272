import Events
package import Logging
package import Reactions
import Synchronization

/// Writes down what machines know, together with what is to be told, so that of all reactors one tells it and no death
/// loses it.
///
/// For one task at a time.
package final class MachineSharing: Sendable {
    /// What was written down, and so is to be done.
    package struct Settled {
        package var outputs: [MachineOutput]
        /// Kept by the store until it is confirmed; nil when nothing is.
        package var telling: MachineVersion?
        /// Whether its events were published in the step in which it was written down; false for what is not shared.
        package var isPublished = true
    }

    private static let retryDelay: Duration = .milliseconds(100)
    /// What the store writes in one step: about a millisecond of a server's.
    private static let changesPerPart = 128
    /// Enough that store and reactor both have something to do.
    private static let partsInFlight = 4

    /// What is stored of a place, as far as is known.
    private struct Stored {
        var version: MachineVersion
        /// When it is due; nil for never, and when somebody else has written it.
        var due: Timestamp?
    }

    private struct State {
        var stored: [MachineSet.Place: Stored] = [:]
        /// Whether the store cannot be used, and that was said.
        var isInTrouble = false
    }

    let store: any MachineStore
    private let machines: MachineSet
    private let message: @Sendable (OutgoingEvent) -> (channel: String, bytes: [UInt8])
    private let logger: Logger
    private let state = Mutex(State())

    /// - Parameter message: puts an event into the form in which it is published.
    package init(
        store: any MachineStore,
        machines: MachineSet,
        logger: Logger,
        message: @escaping @Sendable (OutgoingEvent) -> (channel: String, bytes: [UInt8])
    ) {
        self.store = store
        self.machines = machines
        self.logger = logger
        self.message = message
    }

    // MARK: Start

    /// Tells machines that do not know it yet what is written down, until that is done or the task is cancelled.
    package func load(_ moment: MachineMoment) async {
        for (number, name) in self.machines.takeUnloaded() {
            let isLoaded = await self.insist("what is remembered cannot be read") {
                try await self.store.load(name) { self.take($0, machine: number, moment) }
            }
            guard isLoaded else { return }
        }
    }

    private func take(_ stored: [StoredKey], machine: Int, _ moment: MachineMoment) {
        self.machines.restore(stored, machine: machine, moment)
        self.state.withLock { state in
            for key in stored {
                let place = MachineSet.Place(machine: machine, key: HashedText(key.key))
                state.stored[place] = Stored(version: key.version)
            }
        }
    }

    /// Something that was found in the store: known already, or news from another reactor.
    package func learn(_ stored: StoredKey, machine: Int, _ moment: MachineMoment) {
        let place = MachineSet.Place(machine: machine, key: HashedText(stored.key))
        let known = self.state.withLock { $0.stored[place]?.version }
        guard known.map({ $0.number < stored.version.number }) ?? true else { return }
        self.take([stored], machine: machine, moment)
    }

    // MARK: Changes

    /// Writes down what has changed, until that is done or the task is cancelled.
    ///
    /// - Returns: what is to be done: of what somebody else has told already, nothing.
    package func settle(_ outputs: [MachineOutput], _ moment: MachineMoment) async -> [Settled] {
        var open = self.machines.takeChanges()
        var byPlace: [MachineSet.Place: [MachineOutput]] = [:]
        var settled: [Settled] = []
        if !outputs.isEmpty {
            let changed = Set(open)
            var free: [MachineOutput] = []
            for output in outputs {
                let place = MachineSet.Place(machine: output.machine, key: HashedText(output.key))
                if changed.contains(place) { byPlace[place, default: []].append(output) } else { free.append(output) }
            }
            if !free.isEmpty { settled.append(Settled(outputs: free, isPublished: false)) }
        }
        while !open.isEmpty, !Task.isCancelled {
            var again: Set<MachineSet.Place> = []
            let isDone = await self.write(open, byPlace) { place, change, commit in
                switch commit {
                case .written:
                    let outputs = byPlace.isEmpty ? [] : byPlace.removeValue(forKey: place) ?? []
                    guard !outputs.isEmpty || change.telling != nil else { return }
                    settled.append(Settled(outputs: outputs, telling: change.telling.map { _ in change.version }))
                case .conflict(let stored):
                    if self.isLost(stored, change, at: place) {
                        again.insert(place)
                    } else {
                        byPlace[place] = self.machines.adopt(stored?.bytes, at: place, moment)
                    }
                }
            }
            guard isDone else { return settled }
            again.formUnion(self.machines.takeChanges())
            open = Array(again)
        }
        return settled
    }

    /// One part of the changes, and what has become of it; nil when the task was cancelled before.
    private struct Part: Sendable {
        var places: ArraySlice<MachineSet.Place>
        var changes: [MachineChange]
        var commits: [MachineCommit]?
    }

    /// Writes changes in parts. While the store works on some of them, the next one is put into words.
    ///
    /// - Returns: whether all were written, or told to be in conflict; false when the task was cancelled before.
    private func write(
        _ open: [MachineSet.Place],
        _ outputs: [MachineSet.Place: [MachineOutput]],
        _ take: (MachineSet.Place, MachineChange, MachineCommit) -> Void
    ) async -> Bool {
        await withTaskGroup(of: Part.self) { group in
            var inFlight = 0
            for places in Self.parts(of: open) {
                if inFlight == Self.partsInFlight, let part = await group.next() {
                    guard self.take(part, take) else { return false }
                    inFlight -= 1
                }
                let part = Part(places: places, changes: self.changes(of: places, outputs))
                let name = self.machines.name(of: places[places.startIndex].machine)
                // Begun before it is waited for: the part is on its way when the next one is made.
                group.addImmediateTask {
                    var part = part
                    part.commits = await self.commit(part.changes, of: name)
                    return part
                }
                inFlight += 1
            }
            for await part in group {
                guard self.take(part, take) else { return false }
            }
            return true
        }
    }

    private func take(_ part: Part, _ take: (MachineSet.Place, MachineChange, MachineCommit) -> Void) -> Bool {
        guard let commits = part.commits else { return false }
        var written: [MachineSet.Place] = []
        written.reserveCapacity(commits.count)
        self.state.withLock { state in
            for (place, index) in zip(part.places, commits.indices) {
                switch commits[index] {
                case .written:
                    written.append(place)
                    state.stored[place] = Self.stored(part.changes[index])
                case .conflict(let stored):
                    state.stored[place] = stored.map { Stored(version: $0.version) }
                }
            }
        }
        for (place, (change, commit)) in zip(part.places, zip(part.changes, commits)) { take(place, change, commit) }
        self.machines.confirm(written)
        return true
    }

    private static func stored(_ change: borrowing MachineChange) -> Stored? {
        change.state == nil ? nil : Stored(version: change.version, due: change.state?.due)
    }

    /// Of one machine each, and not longer than what is written in one step.
    private static func parts(of places: [MachineSet.Place]) -> [ArraySlice<MachineSet.Place>] {
        let places =
            places.contains { $0.machine != places[0].machine } ? places.sorted { $0.machine < $1.machine } : places
        var parts: [ArraySlice<MachineSet.Place>] = []
        var start = 0
        for index in places.indices
        where index == places.count - 1 || index + 1 - start == Self.changesPerPart
            || places[index + 1].machine != places[index].machine
        {
            parts.append(places[start...index])
            start = index + 1
        }
        return parts
    }

    /// Whether the store has forgotten what it had taken, as one does that is killed before it has written to its disk:
    /// what is known here is newer. Not where it was told to forget it and somebody else has begun anew since, whose
    /// versions begin anew, too; and what is known no longer is never newer.
    private func isLost(_ stored: StoredKey?, _ change: MachineChange, at place: MachineSet.Place) -> Bool {
        guard let known = change.known, change.state != nil else { return false }
        guard let stored else { return true }
        return stored.version.number < known.number && !self.machines.isLater(stored.bytes, than: place)
    }

    /// What is to be written of places of one machine.
    private func changes(
        of places: ArraySlice<MachineSet.Place>,
        _ outputs: [MachineSet.Place: [MachineOutput]]
    ) -> [MachineChange] {
        let states = self.machines.states(of: places)
        // One draw for all of them: each would be a call of the system.
        var tag = UInt32.random(in: .min ... .max)
        var changes = self.state.withLock { state in
            zip(places, states).map { place, kept in
                let known = state.stored[place]
                tag &+= 1
                let version = MachineVersion(following: known?.version, tag: tag)
                var change = MachineChange(key: place.key.text, known: known?.version, version: version, state: kept)
                if let due = kept?.due { change.isDueStored = due == known?.due }
                return change
            }
        }
        guard !outputs.isEmpty else { return changes }
        for (index, place) in zip(changes.indices, places) {
            guard let told = outputs[place] else { continue }
            self.add(told, to: &changes[index])
        }
        return changes
    }

    private func add(_ outputs: [MachineOutput], to change: inout MachineChange) {
        var telling = MachineTelling()
        for output in outputs {
            switch output.content {
            case .react(.publish(let event)): change.events.append(self.message(event))
            case .react(.alert(let alert)): telling.alerts.append(alert)
            case .react(.resolve(let resolution)): telling.ends.append(resolution)
            case .react(.log), .react(.loopCut), .record, .count: break
            }
        }
        if !telling.isEmpty { change.telling = telling }
    }

    /// - Returns: nil when the task was cancelled before.
    private func commit(_ changes: [MachineChange], of machine: String) async -> [MachineCommit]? {
        var commits: [MachineCommit]?
        _ = await self.insist("what is to be remembered cannot be written") {
            commits = try await self.store.commit(changes, of: machine)
        }
        return commits
    }

    /// Does something until it succeeds; false when the task was cancelled before.
    func insist(_ trouble: String, _ body: () async throws -> Void) async -> Bool {
        while !Task.isCancelled {
            do {
                try await body()
                if self.changeTrouble(false) { self.logger.notice("the store of what is remembered can be used again") }
                return true
            } catch {
                if !Task.isCancelled, self.changeTrouble(true) {
                    self.logger.error("\(trouble)", error: error, metadata: [:])
                }
                try? await Task.sleep(for: Self.retryDelay)
            }
        }
        return false
    }

    /// - Returns: whether that is news.
    private func changeTrouble(_ isInTrouble: Bool) -> Bool {
        self.state.withLock { state in
            defer { state.isInTrouble = isInTrouble }
            return state.isInTrouble != isInTrouble
        }
    }
}
