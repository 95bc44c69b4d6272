package import Events

/// Keeps what machines remember where several reactors share it and none of their deaths loses it.
///
/// What is known about one key is written as a whole, and only over what the writer knew: of two that have looked at the
/// same, one writes, and the other one is given what was written. What is to be told because of a change is written with
/// it in one step, so that it is told once, however many look, and told for certain, whoever dies.
package protocol MachineStore: Sendable {
    /// Writes changes of one machine in one step, each for itself; one answer each, in the order given. No key comes twice.
    ///
    /// - Throws: when the store cannot be asked, or its answer was lost. The same changes may be written again.
    func commit(_ changes: [MachineChange], of machine: String) async throws -> [MachineCommit]

    /// All that is kept of a machine, in batches.
    func load(_ machine: String, _ take: ([StoredKey]) -> Void) async throws

    /// Keys that should have been looked at some time before now and were not.
    func overdue(_ machine: String, by age: Duration, limit: Int) async throws -> [StoredKey]

    /// What was told of these changes is done with.
    func confirm(_ tellings: [MachineVersion]) async throws

    /// What somebody was to tell and has not within that time. Whoever asks has it to himself for as long.
    func unconfirmed(for age: Duration, limit: Int) async throws -> [StoredTelling]

    /// Notes that a reactor listens.
    ///
    /// - Returns: the time of the store, and when some reactor last noted that before.
    func noteAlive() async throws -> (now: Timestamp, before: Timestamp?)
}

/// Which of the states of a key.
package struct MachineVersion: Sendable, Hashable {
    /// Higher for what was written later.
    package var number: UInt32
    /// Random, so that two that were written from the same one differ.
    package var tag: UInt32

    package init(number: UInt32, tag: UInt32) {
        self.number = number
        self.tag = tag
    }

    /// The next one.
    package init(following known: MachineVersion?, tag: UInt32) {
        self.init(number: (known?.number ?? 0) &+ 1, tag: tag)
    }
}

/// What is known about one key, as a store keeps it.
package struct MachineState: Sendable, Hashable {
    package var bytes: [UInt8]
    /// When it has to be looked at next; nil for never.
    package var due: Timestamp?

    package init(bytes: [UInt8], due: Timestamp?) {
        self.bytes = bytes
        self.due = due
    }
}

/// What has become of one key, and what is to be told because of it.
package struct MachineChange: Sendable {
    package var key: String
    /// The version that the change was made from; nil when nothing was stored.
    package var known: MachineVersion?
    package var version: MachineVersion
    /// Nil to keep nothing.
    package var state: MachineState?
    /// Whether what it was made from is stored as due at the same time, which then need not be written again.
    package var isDueStored = false
    /// Events to be published in the same step: channel and bytes.
    package var events: [(channel: String, bytes: [UInt8])] = []
    /// What is to be told beside that; kept, under the change's version, until it is confirmed.
    package var telling: MachineTelling?

    package init(key: String, known: MachineVersion?, version: MachineVersion, state: MachineState?) {
        self.key = key
        self.known = known
        self.version = version
        self.state = state
    }
}

package enum MachineCommit: Sendable, Hashable {
    case written
    /// Something else is stored; this is what. Nil when nothing is.
    case conflict(StoredKey?)
}

package struct StoredKey: Sendable, Hashable {
    package var key: String
    package var version: MachineVersion
    package var bytes: [UInt8]

    package init(key: String, version: MachineVersion, bytes: [UInt8]) {
        self.key = key
        self.version = version
        self.bytes = bytes
    }
}

/// Alerts and ends of alerts that are told of one change.
package struct MachineTelling: Sendable, Hashable {
    package var alerts: [Alert] = []
    package var ends: [Resolution] = []

    package init() {}

    package var isEmpty: Bool { self.alerts.isEmpty && self.ends.isEmpty }
}

package struct StoredTelling: Sendable, Hashable {
    package var version: MachineVersion
    package var telling: MachineTelling

    package init(version: MachineVersion, telling: MachineTelling) {
        self.version = version
        self.telling = telling
    }
}
