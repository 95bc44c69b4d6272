import Events

/// The contract of one run: what is expected of it, what it has done, and what is wrong with it.
///
/// Everything is counted, nothing is a set: of two incidents where one is expected, one is drift; of two expectations
/// and one acknowledgement, one is missing. The n-th acknowledgement of an action answers the n-th of its expectations,
/// in the order of their deadlines. Each finding is told once: how far it was told is part of the state.
///
/// Instants are microseconds of a clock that never goes back. Deadlines that have passed are worked off, one after the
/// other, before anything else is looked at; so what is found does not depend on when somebody looked.
package struct RunContract: Sendable {
    /// Expectations and actions that one run may have, and acknowledgements: a run that goes on for ever must not take the
    /// memory of all others.
    package static let maxExpectations = 64
    package static let maxActions = 64
    package static let maxAcknowledgements = 1024
    static let maxRecent = 16
    /// Bytes of a run's id, and of the name of a domain or an action.
    package static let maxNameBytes = 128
    /// Ten years, in microseconds: what is longer counts as that, so that no sum overflows.
    package static let longestDeadline = 315_360_000e6

    /// All that is known about one action.
    struct Slot: Sendable, Hashable {
        let action: AuditedAction
        /// The end of the run is expected here: not acknowledged in time, the run is stale.
        var isEnd: Bool
        /// What the action is written down as; 0 for one that is written with its names.
        let number: UInt8
        var expected: UInt16 = 0
        var allowed: UInt16 = 0
        var succeeded: UInt16 = 0
        var failed: UInt16 = 0
        var rolledBack: UInt16 = 0
        /// Deadlines that have passed, answered or not.
        var passed: UInt16 = 0
        var toldDrift: UInt16 = 0
        /// Whether somebody was alerted that it has failed, and not yet told otherwise.
        var toldFailed = false
        /// When it is looked whether there are still too many; `Int64.max` when nothing is to be looked at.
        var driftCheck = Int64.max

        init(action: AuditedAction, isEnd: Bool) {
            self.action = action
            self.isEnd = isEnd
            self.number = Self.number(of: action)
        }

        /// How many expectations are answered. A rollback answers like the success that it undoes, and not once more.
        var answers: UInt16 { max(self.succeeded, self.rolledBack) &+ self.failed }
        /// Deadlines that have passed and are still not answered.
        var outstanding: UInt16 { self.passed > self.answers ? self.passed - self.answers : 0 }
        /// Acknowledgements too many. A failure that was tried again is none, unless nobody asked for the action at all.
        var excess: UInt16 {
            let limit = self.expected &+ self.allowed
            if limit == 0 { return self.succeeded &+ self.failed }
            return self.succeeded > limit ? self.succeeded - limit : 0
        }
        /// A failure that no later success makes good.
        var hasFailed: Bool {
            let limit = self.expected &+ self.allowed
            return !self.isEnd && self.failed > 0 && (limit == 0 || self.succeeded < limit)
        }
    }

    struct Expectation: Sendable, Hashable {
        /// `Int64.max` for one without a valid deadline.
        var due: Int64
        /// How long it was given.
        var length: Int64
        var slot: UInt8
        /// From the contract, so that a declaration of the same action says more about it rather than expecting it again.
        var isDerived: Bool
        var isPassed = false
    }

    enum Staleness: UInt8, Sendable, Hashable {
        case no
        /// The deadline has passed, and it is asked what is stored.
        case asked
        case told
        /// It was told, and the run has ended since.
        case resolved
    }

    let terms: ContractTerms
    package let runID: String
    package internal(set) var tenant: String
    /// Hashes of the ids that were seen, of declarations and of acknowledgements.
    var seen: [UInt64] = []
    /// What tells the last pauses, resumptions and signs of life from their doublets.
    var recent: [UInt64] = []
    var slots: [Slot] = []
    var expectations: [Expectation] = []
    let firstSeen: Int64
    var lastActivity: Int64
    /// Since when its clock stands still; `Int64.max` when it runs.
    var pausedAt = Int64.max
    /// When the answer to the question for what is stored is waited for no longer.
    var askedUntil = Int64.max
    var acknowledgements: UInt16 = 0
    var invalid: UInt16 = 0
    var staleness = Staleness.no
    var hasStarted = false
    var hasEnded = false
    /// Which alerts stand that a late acknowledgement takes back.
    var toldTimeout = false
    var toldMissing = false

    package init(runID: String, tenant: String, terms: ContractTerms, at now: Int64) {
        self.runID = runID
        self.tenant = tenant
        self.terms = terms
        self.firstSeen = now
        self.lastActivity = now
    }

    /// Remembers a mark; false when it is one of the last that were seen.
    mutating func isNew(mark: UInt64) -> Bool {
        guard !self.recent.contains(mark) else { return false }
        if self.recent.count == Self.maxRecent { self.recent.removeFirst() }
        self.recent.append(mark)
        return true
    }

    /// Changes when anything changes but the time of the last sign of life, which decides nothing.
    var digest: UInt64 {
        var digest = Digest()
        for time in [self.firstSeen, self.pausedAt, self.askedUntil] { digest.combine(UInt64(bitPattern: time)) }
        let flags: [Bool] = [self.hasStarted, self.hasEnded, self.toldTimeout, self.toldMissing, !self.tenant.isEmpty]
        digest.combine(flags.reduce(UInt64(self.staleness.rawValue)) { $0 << 1 | ($1 ? 1 : 0) })
        digest.combine(UInt64(self.acknowledgements) << 16 | UInt64(self.invalid))
        digest.combine(UInt64(self.seen.count))
        digest.combine(self.recent.last ?? 0)
        // In their places: a copy of each would hold its names.
        for index in self.slots.indices { digest.combine(self.slots[index]) }
        for expectation in self.expectations {
            digest.combine(UInt64(bitPattern: expectation.due))
            digest.combine(UInt64(bitPattern: expectation.length))
            digest.combine((expectation.isDerived ? 1 : 0) | (expectation.isPassed ? 2 : 0))
        }
        return digest.value
    }

    private struct Digest {
        private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

        mutating func combine(_ part: UInt64) { self.value = ByteView.mix(self.value ^ part) }

        mutating func combine(_ slot: borrowing Slot) {
            self.combine(
                UInt64(slot.expected) << 48 | UInt64(slot.succeeded) << 32 | UInt64(slot.failed) << 16
                    | UInt64(slot.rolledBack)
            )
            self.combine(UInt64(slot.passed) << 32 | UInt64(slot.toldDrift) << 16 | (slot.toldFailed ? 1 : 0))
            self.combine(UInt64(bitPattern: slot.driftCheck))
        }
    }

    /// Whether anything is expected of it, as far as is known.
    var hasContract: Bool { self.hasStarted || !self.expectations.isEmpty }

    package var status: ContractStatus {
        if !self.hasContract { return .unknown }
        if self.staleness == .told { return .stale }
        if self.isAnythingWrong { return .incomplete }
        return self.isWaiting ? .pending : .complete
    }

    private var isAnythingWrong: Bool {
        self.invalid > 0
            || self.slots.contains { $0.toldDrift > 0 || $0.hasFailed || ($0.outstanding > 0 && !$0.isEnd) }
    }

    /// Whether an answer is still to come, in time.
    private var isWaiting: Bool {
        self.staleness == .asked
            || self.slots.indices.contains { index in
                // Those without a deadline are answered last.
                let timed = self.expectations.lazy.filter { $0.slot == index && $0.due != .max }
                return self.slots[index].answers < timed.count && timed.contains { !$0.isPassed }
            }
    }

    /// Nothing will be found any more unless something else is told.
    var isSettled: Bool {
        !self.isWaiting && self.slots.allSatisfy { $0.driftCheck == .max }
    }

    /// When something has to be looked at next; `Int64.max` for never.
    var nextDue: Int64 { self.nextStep { $0.answers < $0.expected } }

    /// The next instant at which the state changes by itself. A deadline that is answered already is no reason to look,
    /// but it passes all the same.
    func nextStep(where isOfInterest: (Slot) -> Bool = { _ in true }) -> Int64 {
        var next = min(self.askedUntil, self.pauseEnd)
        if self.pausedAt == .max {
            for expectation in self.expectations
            where !expectation.isPassed && expectation.due < next && isOfInterest(self.slots[Int(expectation.slot)]) {
                next = expectation.due
            }
        }
        for slot in self.slots where slot.driftCheck < next { next = slot.driftCheck }
        return next
    }

    /// When a pause that nobody ends is over.
    var pauseEnd: Int64 { self.pausedAt == .max ? .max : self.pausedAt &+ self.terms.longestPause }

    /// The place of an action, made when it is new; nil when there is no room.
    mutating func slot(of action: AuditedAction) -> Int? {
        if let known = self.slots.indices.first(where: { self.slots[$0].action == action }) { return known }
        guard self.slots.count < Self.maxActions else { return nil }
        var slot = Slot(action: action, isEnd: action == self.terms.definition.finalize)
        slot.allowed = UInt16(clamping: self.terms.allowance(action))
        self.slots.append(slot)
        return self.slots.count - 1
    }

    /// Remembers an id of that action; false when it was seen before.
    mutating func isNew(_ id: String, of action: AuditedAction, _ kind: UInt8) -> Bool {
        let hash = Self.hash(id, action, kind)
        guard !self.seen.contains(hash) else { return false }
        self.seen.append(hash)
        return true
    }

    /// FNV-1a with a last mixing step. The same in every process, so that stored state can be read by another one. A
    /// producer that goes to the length of finding two ids with the same hash keeps one acknowledgement of its own run
    /// from being counted, as it could by not sending it.
    static func hash(_ id: String, _ action: AuditedAction, _ kind: UInt8) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for part in [action.domain, action.action, id] {
            for byte in part.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            // No text has that byte, so that no part runs into the next one.
            hash = (hash ^ UInt64(0xFF - kind)) &* 0x100_0000_01B3
        }
        return ByteView.mix(hash)
    }
}
