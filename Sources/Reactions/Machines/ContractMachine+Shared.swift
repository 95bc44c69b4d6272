import Events

/// Runs are known by their ids.
extension ContractMachine: SharedMachine {
    package mutating func beginSharing() {
        self.isShared = true
        self.registry.trackChanges()
    }

    package mutating func takeChanges() -> [HashedText] {
        let changes = self.registry.takeChanges()
        // Of what changed nothing, nothing has to be done again.
        if self.entries.count > changes.count {
            let changed = Set(changes)
            self.entries = self.entries.filter { changed.contains($0.key) }
        }
        return changes
    }

    package mutating func state(of key: HashedText) -> MachineState? { self.registry.stored(key) }

    package mutating func confirm(_ key: HashedText) { self.entries[key] = nil }

    /// Never, though a run may have been forgotten and begun anew by somebody else: a contract is forgotten ten minutes or
    /// more after the last that was heard of its run, so whoever still goes by what was written of it before has been as
    /// far behind as that.
    package func isLater(_ stored: [UInt8], than key: String) -> Bool { false }

    package mutating func restore(_ key: String, _ stored: [UInt8], _ moment: MachineMoment) {
        _ = self.registry.restore(key, from: stored, at: moment.now)
    }

    package mutating func adopt(_ key: String, _ stored: [UInt8]?, _ moment: MachineMoment) -> [MachineOutput] {
        // What cannot be read was written by a newer version, or by nobody: what is known here takes its place.
        if let stored {
            guard self.registry.restore(key, from: stored, at: moment.now) else { return [] }
        } else {
            self.registry.drop(key)
        }
        let run = HashedText(key)
        var outputs: [MachineOutput] = []
        for entry in self.entries[run] ?? [] {
            let actions = self.registry.replay(
                entry.input,
                of: run,
                tenant: entry.tenant,
                mark: entry.mark,
                at: entry.at
            )
            self.tell(actions, entry.event, moment, &outputs)
        }
        let due = self.registry.advance(key, to: moment.now)
        self.tell(due, nil, moment, &outputs)
        if !self.registry.hasChanged(run) { self.confirm(run) }
        return outputs
    }
}
