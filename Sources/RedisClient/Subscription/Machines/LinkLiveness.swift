import NIOCore

/// Judges whether one link is alive, from the bytes that arrive on it.
///
/// Only a received byte proves life: writing to a dead link succeeds for a long time. After `pingAfterSilence` without
/// a byte the server is asked with `PING`; without any byte for `pongDeadline` more the link is suspect. Time in which
/// our own loop did not run is no evidence against the link and is allowed for.
struct LinkLiveness {
    enum TickAction: Equatable {
        case none
        /// Ask the server.
        case ping
        /// The link has become suspect.
        case suspect
    }

    enum ByteAction: Equatable {
        case none
        /// A suspect link has spoken again, this long after it fell silent.
        case recovered(after: TimeAmount)
    }

    private enum State {
        case quiet
        case asked(at: NIODeadline)
        case suspect
    }

    private var state = State.quiet
    private(set) var lastByteAt: NIODeadline
    private let pingAfterSilence: TimeAmount
    fileprivate let pongDeadline: TimeAmount

    init(settings: SubscriptionSettings, at now: NIODeadline) {
        self.lastByteAt = now
        self.pingAfterSilence = TimeAmount(settings.pingAfterSilence)
        self.pongDeadline = TimeAmount(settings.pongDeadline)
    }

    var isSuspect: Bool {
        switch self.state {
        case .suspect: true
        case .quiet, .asked: false
        }
    }

    /// Whether nothing was asked, so that a byte changes nothing but the time of the last one.
    var isQuiet: Bool {
        switch self.state {
        case .quiet: true
        case .asked, .suspect: false
        }
    }

    /// When `tick` has something to decide next; nil while suspect, when only a byte can change anything.
    var nextDeadline: NIODeadline? {
        switch self.state {
        case .quiet: self.lastByteAt + self.pingAfterSilence
        case .asked(let at): at + self.pongDeadline
        case .suspect: nil
        }
    }

    /// Bytes arrived, of whatever kind.
    mutating func received(at now: NIODeadline) -> ByteAction {
        let silence = now - self.lastByteAt
        self.lastByteAt = now
        switch self.state {
        case .quiet:
            return .none
        case .asked:
            self.state = .quiet
            return .none
        case .suspect:
            self.state = .quiet
            return .recovered(after: silence)
        }
    }

    /// Somebody cannot wait until the silence has lasted long enough.
    ///
    /// - Returns: Whether the server is to be asked; false when it was, and has not answered.
    mutating func ask(at now: NIODeadline) -> Bool {
        guard self.isQuiet else { return false }
        self.state = .asked(at: now)
        return true
    }

    /// The time has come, or more of it has passed than was meant to.
    ///
    /// - Parameter stalled: for how long our own loop did not run before this call.
    mutating func tick(at now: NIODeadline, stalled: TimeAmount = .zero) -> TickAction {
        switch self.state {
        case .quiet:
            guard now - self.lastByteAt >= self.pingAfterSilence else { return .none }
            self.state = .asked(at: now)
            return .ping
        case .asked(let at):
            let allowed = stalled > .zero ? self.allow(for: stalled, askedAt: at, now: now) : at
            guard now - allowed >= self.pongDeadline else {
                self.state = .asked(at: allowed)
                return .none
            }
            self.state = .suspect
            return .suspect
        case .suspect:
            return .none
        }
    }
}

extension LinkLiveness {
    /// What arrived while we did not run may not have been read yet: whoever was asked gets back the time that we did
    /// not run, and in any case a moment for our own reading.
    private func allow(for stalled: TimeAmount, askedAt: NIODeadline, now: NIODeadline) -> NIODeadline {
        let moment = TimeAmount.milliseconds(100)
        return min(now, max(askedAt + stalled, now - max(.zero, self.pongDeadline - moment)))
    }
}
