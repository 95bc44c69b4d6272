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

    let store: any MachineStore
    private let machines: MachineSet
    private let message: @Sendable (OutgoingEvent) -> (channel: String, bytes: [UInt8])
    private let logger: Logger
    /// What is stored, as far as is known.
    private let versions = Mutex<[MachineSet.Place: MachineVersion]>([:])

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
        self.versions.withLock { versions in
            for key in stored {
                versions[MachineSet.Place(machine: machine, key: RunKey(key.key))] = key.version
            }
        }
    }

    /// Something that was found in the store: known already, or news from another reactor.
    package func learn(_ stored: StoredKey, machine: Int, _ moment: MachineMoment) {
        let place = MachineSet.Place(machine: machine, key: RunKey(stored.key))
        let known = self.versions.withLock { $0[place] }
        guard known.map({ $0.number < stored.version.number }) ?? true else { return }
        self.take([stored], machine: machine, moment)
    }

    // MARK: Changes

    /// Writes down what has changed, until that is done or the task is cancelled.
    ///
    /// - Returns: what is to be done: of what somebody else has told already, nothing.
    package func settle(_ outputs: [MachineOutput], _ moment: MachineMoment) async -> [Settled] {
        var open = Set(self.machines.takeChanges())
        var byPlace: [MachineSet.Place: [MachineOutput]] = [:]
        var free: [MachineOutput] = []
        for output in outputs {
            let place = MachineSet.Place(machine: output.machine, key: RunKey(output.key))
            if open.contains(place) { byPlace[place, default: []].append(output) } else { free.append(output) }
        }
        var settled = free.isEmpty ? [] : [Settled(outputs: free, isPublished: false)]
        while !open.isEmpty, !Task.isCancelled {
            for (machine, places) in Dictionary(grouping: open, by: \.machine) {
                let changes = places.map { self.change(of: $0, byPlace[$0] ?? []) }
                guard let commits = await self.commit(changes, of: self.machines.name(of: machine)) else {
                    return settled
                }
                open.subtract(places)
                var written: [MachineSet.Place] = []
                for (place, (change, commit)) in zip(places, zip(changes, commits)) {
                    switch commit {
                    case .written:
                        written.append(place)
                        self.versions.withLock { $0[place] = change.state == nil ? nil : change.version }
                        let outputs = byPlace.removeValue(forKey: place) ?? []
                        settled.append(Settled(outputs: outputs, telling: change.telling.map { _ in change.version }))
                    case .conflict(let stored):
                        self.versions.withLock { $0[place] = stored?.version }
                        if self.isLost(stored, change, at: place) {
                            open.insert(place)
                        } else {
                            byPlace[place] = self.machines.adopt(stored?.bytes, at: place, moment)
                        }
                    }
                }
                self.machines.confirm(written)
            }
            open.formUnion(self.machines.takeChanges())
        }
        return settled
    }

    /// Whether the store has forgotten what it had taken, as one does that is killed before it has written to its disk:
    /// what is known here is newer. Not where it was told to forget it and somebody else has begun anew since, whose
    /// versions begin anew, too; and what is known no longer is never newer.
    private func isLost(_ stored: StoredKey?, _ change: MachineChange, at place: MachineSet.Place) -> Bool {
        guard let known = change.known, change.state != nil else { return false }
        guard let stored else { return true }
        return stored.version.number < known.number && !self.machines.isLater(stored.bytes, than: place)
    }

    private func change(of place: MachineSet.Place, _ outputs: [MachineOutput]) -> MachineChange {
        let known = self.versions.withLock { $0[place] }
        var generator = SystemRandomNumberGenerator()
        var change = MachineChange(
            key: place.key.text,
            known: known,
            version: .following(known, using: &generator),
            state: self.machines.state(of: place)
        )
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
        return change
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
        var isTold = false
        while !Task.isCancelled {
            do {
                try await body()
                if isTold { self.logger.notice("the store of what is remembered can be used again") }
                return true
            } catch {
                if !isTold, !Task.isCancelled {
                    self.logger.error("\(trouble)", error: error, metadata: [:])
                    isTold = true
                }
                try? await Task.sleep(for: Self.retryDelay)
            }
        }
        return false
    }
}
