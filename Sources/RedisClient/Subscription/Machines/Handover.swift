import NIOCore

/// The make-before-break of one suspect link and its confirmed successor.
///
/// Both links carry the same channels. A marker published on the private channel appears on both at the same place of
/// the order, which makes an exact cut: the old link's messages before it, the new link's messages after it. Until it
/// is known whether the old link will deliver the marker, the successor's messages are kept. If the old link is dead,
/// the successor's are taken from its first one.
///
/// The old link is dead when it ends; when it stays silent for `patience` while the successor speaks; or when it
/// answers a `PING` that was sent after the successor had delivered the marker without having delivered the marker
/// itself: the server writes to a connection in order, so it is not subscribed there any more.
struct Handover {
    enum Action: Equatable {
        case none
        /// The old link delivered the marker first: it is done, and the successor's messages count from its marker on.
        case switchAtMarkerOfSuccessor
        /// Both have delivered the marker: the successor's kept messages after the marker are next.
        case releaseAfterMarker
        /// The old link is dead: the successor's kept messages are next, from the first one.
        case releaseEverything(OldLinkEnd)
        /// Ask the old link, to tell whether it is deaf.
        case pingOldLink
        /// Ask the successor, to tell a dead link from a server that answers nobody.
        case pingSuccessor
    }

    enum OldLinkEnd: Equatable {
        case ended
        case silent
        case deaf
    }

    private enum State {
        case waitingForMarker
        /// The successor has delivered the marker. `ping` is the first number of a `PING` that was sent after that.
        case markerOnSuccessor(ping: UInt64)
        case done
    }

    private var state = State.waitingForMarker
    private let confirmedAt: NIODeadline
    private let patience: TimeAmount
    private var oldLastByteAt: NIODeadline
    /// When the successor spoke although the old link had been silent for nearly all of the patience.
    private var successorProofAt: NIODeadline?
    private var askedSuccessor = false
    /// Whether the successor is not read any more, so that it cannot speak.
    private var isFull = false
    /// Time in which our own loop did not run, since the old link last spoke.
    private var allowance = TimeAmount.zero

    /// After the successor spoke, the old link's bytes may be a moment behind: both were written in one turn of the
    /// server's loop, but arrive as two events of ours.
    static let grace = TimeAmount.milliseconds(100)

    init(confirmedAt: NIODeadline, oldLastByteAt: NIODeadline, patience: TimeAmount) {
        self.confirmedAt = confirmedAt
        self.oldLastByteAt = oldLastByteAt
        self.patience = max(patience, Self.grace)
    }

    /// From when on a word of the successor speaks against a silent old link.
    private var suspicionAt: NIODeadline {
        max(self.confirmedAt, self.oldLastByteAt) + self.allowance + (self.patience - Self.grace)
    }

    /// When `tick` has something to decide next.
    var nextDeadline: NIODeadline? {
        if case .done = self.state { return nil }
        if let proof = self.successorProofAt { return proof + Self.grace }
        if self.isFull { return self.suspicionAt + Self.grace }
        return self.askedSuccessor ? nil : self.suspicionAt
    }

    mutating func receivedOnOldLink(at now: NIODeadline) {
        self.oldLastByteAt = now
        self.successorProofAt = nil
        self.askedSuccessor = false
        self.allowance = .zero
    }

    mutating func receivedOnSuccessor(at now: NIODeadline) {
        guard self.successorProofAt == nil, now >= self.suspicionAt else { return }
        self.successorProofAt = now
    }

    mutating func markerOnOldLink() -> Action {
        switch self.state {
        case .waitingForMarker:
            self.state = .done
            return .switchAtMarkerOfSuccessor
        case .markerOnSuccessor:
            self.state = .done
            return .releaseAfterMarker
        case .done:
            return .none
        }
    }

    /// - Parameter ping: the number that the next `PING` will carry.
    mutating func markerOnSuccessor(ping: UInt64) -> Action {
        switch self.state {
        case .waitingForMarker:
            self.state = .markerOnSuccessor(ping: ping)
            return .pingOldLink
        case .markerOnSuccessor, .done:
            return .none
        }
    }

    /// The old link answered the `PING` with this number.
    mutating func pongOnOldLink(_ number: UInt64) -> Action {
        switch self.state {
        case .markerOnSuccessor(let ping) where number >= ping:
            self.state = .done
            return .releaseEverything(.deaf)
        case .markerOnSuccessor, .waitingForMarker, .done:
            return .none
        }
    }

    mutating func oldLinkEnded() -> Action {
        switch self.state {
        case .waitingForMarker, .markerOnSuccessor:
            self.state = .done
            return .releaseEverything(.ended)
        case .done:
            return .none
        }
    }

    /// No more of the successor's messages can be kept, so its marker cannot be reached by reading on. An old link that
    /// delivers will bring the marker itself; one that is deaf will not. And one that stays silent has been sent none of
    /// all that the successor was sent: no further word of the successor is needed to tell that it is dead.
    mutating func keptIsFull(oldLinkIsDeaf: Bool) -> Action {
        self.isFull = true
        switch self.state {
        case .waitingForMarker where oldLinkIsDeaf:
            self.state = .done
            return .releaseEverything(.deaf)
        case .waitingForMarker, .markerOnSuccessor, .done:
            return .none
        }
    }

    /// - Parameter stalled: for how long our own loop did not run before this call.
    mutating func tick(at now: NIODeadline, stalled: TimeAmount = .zero) -> Action {
        switch self.state {
        case .done:
            return .none
        case .waitingForMarker, .markerOnSuccessor:
            self.allowance = self.allowance + stalled
            if let proof = self.successorProofAt {
                // What the old link sent while we did not run may not have been read yet.
                if stalled > .zero { self.successorProofAt = now }
                guard stalled == .zero, now >= proof + Self.grace else { return .none }
                self.state = .done
                return .releaseEverything(.silent)
            }
            if self.isFull {
                guard stalled == .zero, now >= self.suspicionAt + Self.grace else { return .none }
                self.state = .done
                return .releaseEverything(.silent)
            }
            guard !self.askedSuccessor, now >= self.suspicionAt else { return .none }
            self.askedSuccessor = true
            return .pingSuccessor
        }
    }
}
