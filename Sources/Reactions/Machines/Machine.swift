package import Events

/// A built-in that remembers over events: sans I/O, one thread at a time.
///
/// An event changes what is remembered and says what is to be told because of it; so does time that passes. Handed the
/// same inputs at the same times, two machines remember and tell the same.
package protocol Machine: Sendable {
    /// The handler's name.
    var name: String { get }

    /// Takes in an event that the handler accepts. Times do not go back from call to call.
    mutating func handle(_ event: Event, _ moment: MachineMoment) -> [MachineOutput]

    /// Takes in something that is no event.
    mutating func handle(_ notice: MachineNotice, _ moment: MachineMoment) -> [MachineOutput]

    /// Works off what is due. A machine with much to do may leave some of it to the next call: its `nextDeadline` then
    /// still lies in the past.
    mutating func advance(_ moment: MachineMoment) -> [MachineOutput]

    /// When `advance` has something to do; nil for never.
    var nextDeadline: Timestamp? { get }

    /// Other settings of the same kind, from now on; what is remembered stays.
    ///
    /// - Returns: False when they are of another kind, so that another machine must take its place.
    mutating func update(_ definition: MachineDefinition) -> Bool

    /// Figures for metrics.
    var figures: MachineFigures { get }
}

/// A machine that several reactors run, each of which hears all events: what they know of one key is written down as a
/// whole, by the first of them that has something to write, and adopted by the others.
package protocol SharedMachine: Machine {
    /// From now on, notes what changes.
    mutating func beginSharing()

    /// Keys of which something else is known than at the last call, each once.
    mutating func takeChanges() -> [HashedText]

    /// What is to be written down of a key; nil to keep nothing. Changes nothing that anybody could see.
    mutating func state(of key: HashedText) -> MachineState?

    /// What `state` said was written down.
    mutating func confirm(_ key: HashedText)

    /// Whether what is stored of a key was written after all that this machine knows to have been written of it, as when
    /// the key was removed and somebody else has begun it anew; not when the store has lost what was written since.
    func isLater(_ stored: [UInt8], than key: String) -> Bool

    /// What was written down at some time, before anything was handled. What is due is left to `advance`.
    mutating func restore(_ key: String, _ stored: [UInt8], _ moment: MachineMoment)

    /// Somebody else has written something else down, or removed it (nil): that holds. What was handled since the last
    /// `confirm` is handled again on top of it, and what follows from that is told instead of what was told before.
    mutating func adopt(_ key: String, _ stored: [UInt8]?, _ moment: MachineMoment) -> [MachineOutput]
}

/// When something is handled, and what is needed to tell of it.
package struct MachineMoment {
    package var now: Timestamp
    /// When the event was heard that is handled; earlier than `now` where it has waited while something else was done, as
    /// at a start, and equal to it for all that is no event.
    package var heardAt: Timestamp
    /// Makes an id for each alert and each end of one.
    package var makeID: () -> String

    package init(now: Timestamp, heardAt: Timestamp? = nil, makeID: @escaping () -> String) {
        self.now = now
        self.heardAt = min(heardAt ?? now, now)
        self.makeID = makeID
    }
}

/// What machines must know beside events.
package enum MachineNotice: Sendable, Hashable {
    /// Events may be missed from then on.
    case blindnessBegan(at: Timestamp, reason: String)
    /// Events may have been missed in that time; it ends the blindness that began.
    case blindnessEnded(from: Timestamp, to: Timestamp, reason: String)
    /// Nothing was missed in the blindness that began.
    case blindnessDismissed
    /// Everything is heard from then on; what came before may have been handled by others only.
    case listening(since: Timestamp)
}

/// Something that a machine wants done, and about whom.
package struct MachineOutput: Sendable, Hashable {
    package enum Content: Sendable, Hashable {
        /// An alert, the end of one, or an event to be published.
        case react(Reaction)
        /// For the history.
        case record(HistoryRow)
        case count(MachineCount, UInt64)
    }

    /// Who it is about: a run, a worker, what a threshold is counted by. The state of that one, as it is now, goes with it.
    package var key: String
    package var content: Content
    /// The number of the machine; whoever keeps several of them sets it.
    package var machine = 0

    package init(key: String, _ content: Content) {
        self.key = key
        self.content = content
    }
}

/// What machines count.
package enum MachineCount: Sendable, Hashable {
    /// Something is wrong with a run.
    case finding(ContractFinding.Kind)
    /// A limit was crossed, or is kept again: `near`, `breach`, `recovered`.
    case signal(String)
    /// A worker changed its state: the new one.
    case flip(String)
    /// Not taken in, and why.
    case refused(String)
}

/// How much a machine remembers.
package struct MachineFigures: Sendable, Hashable {
    /// Runs, keys or workers.
    package var kept: Int
    /// Those that had to go before their time to make room.
    package var forgottenEarly: UInt64

    package init(kept: Int, forgottenEarly: UInt64 = 0) {
        self.kept = kept
        self.forgottenEarly = forgottenEarly
    }
}
