package import Events

/// What is told about one run.
///
/// Declarations and acknowledgements have ids: the same one told again changes nothing. As long as no deadline and no
/// check of the run falls between them, `started`, `declared`, `acknowledged` and `progressed` lead to the same state in
/// whatever order they come; so a store may keep each as one field under its own id. `paused` and `resumed` commute with
/// everything but each other.
package enum RunInput: Sendable, Hashable {
    /// The run has begun: what the contract expects of every run is expected of it now. A second start changes nothing.
    case started
    case declared(ExpectationDeclaration)
    case acknowledged(Acknowledgement)
    /// It is alive: its end may come that much later.
    case progressed
    /// Its clock stands still until it is resumed. A second pause within the first changes nothing.
    case paused
    case resumed
    /// The answer to `readTruth`.
    case truth(RunTruth)
}

/// That a run is expected to do something.
package struct ExpectationDeclaration: Sendable, Hashable {
    package var id: String
    package var action: AuditedAction
    /// Nil, zero or less: the declaration is invalid, which is a finding.
    package var deadline: Duration?

    package init(id: String, action: AuditedAction, deadline: Duration?) {
        self.id = id
        self.action = action
        self.deadline = deadline
    }
}

/// That a run has done something, or tried.
package struct Acknowledgement: Sendable, Hashable {
    package enum Status: String, Sendable, Hashable, CaseIterable {
        case success = "SUCCESS"
        case failed = "FAILED"
        case rolledBack = "ROLLED_BACK"
    }

    /// What makes two acknowledgements of one action that ended alike (well, badly, undone) the same one.
    package var id: String
    package var action: AuditedAction
    package var status: Status
    package var resultID: String?
    package var error: String?

    package init(
        id: String,
        action: AuditedAction,
        status: Status = .success,
        resultID: String? = nil,
        error: String? = nil
    ) {
        self.id = id
        self.action = action
        self.status = status
        self.resultID = resultID
        self.error = error
    }

    /// A rollback is never a failure, and a success with an error text is none, as producers of the original send it.
    var isFailure: Bool { self.status == .failed || (self.status == .success && self.error != nil) }
}

/// What is stored about the end of a run, read when it is about to be called stale.
package enum RunTruth: Sendable, Hashable {
    /// Nothing says that it has ended.
    case open
    /// Its end is on record, under the id that the acknowledgement would have, or had, as an event.
    case finalized(Acknowledgement, at: Timestamp)
    /// It could not be read.
    case unreadable
}

/// Where a run stands.
package enum ContractStatus: String, Sendable, Hashable, CaseIterable {
    /// Nothing is expected of it, as far as is known.
    case unknown = "UNKNOWN"
    /// Nothing is wrong, and something is still to come.
    case pending = "PENDING"
    /// All that was expected was done.
    case complete = "COMPLETE"
    /// Something is missing, was done too often, failed, or the contract was invalid.
    case incomplete = "INCOMPLETE"
    /// It did not end in time, and has not since.
    case stale = "STALE"
}
