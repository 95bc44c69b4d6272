import Logging

/// Keeps a message that repeats from filling the log: within a window only its first lines are written, the rest
/// counted.
///
/// Messages are constants, so a message with its level names one place in the program; its metadata does not count.
struct RepeatLimiter {
    /// What a line repeats.
    struct Key: Hashable, Sendable {
        var level: Logger.Level
        var message: String
    }

    /// Lines of one message that were left out in a window that is over.
    struct Summary: Equatable {
        var key: Key
        var count: Int
    }

    enum Decision: Equatable {
        case write
        case suppress
        /// As `suppress`, and `expire` should be called when the window ends.
        case suppressFirst(windowEnds: ContinuousClock.Instant)
    }

    private struct Window {
        var ends: ContinuousClock.Instant
        var written: Int
        var suppressed: Int
    }

    /// How long a window is.
    let window: Duration
    /// Lines of one message that a window lets through.
    let burst: Int
    /// Messages watched at a time; a new one beyond that is written unwatched.
    private let keyLimit: Int
    private var windows: [Key: Window] = [:]

    init(window: Duration, burst: Int, keyLimit: Int = 512) {
        self.window = window
        self.burst = burst
        self.keyLimit = keyLimit
    }

    /// Decides about one line. What a window that is over has left to tell comes out of `expire`, not of this.
    mutating func admit(_ key: Key, at now: ContinuousClock.Instant) -> Decision {
        guard var window = self.windows[key] else { return self.open(key, at: now) }
        // With lines to tell of, the window stays until `expire` has told of them.
        if window.suppressed == 0, now >= window.ends {
            self.windows[key] = nil
            return self.open(key, at: now)
        }
        defer { self.windows[key] = window }
        if window.written < self.burst {
            window.written += 1
            return .write
        }
        window.suppressed += 1
        return window.suppressed == 1 ? .suppressFirst(windowEnds: window.ends) : .suppress
    }

    /// Closes the windows that are over and says what was left out in them.
    mutating func expire(at now: ContinuousClock.Instant) -> [Summary] {
        let over = self.windows.filter { $0.value.ends <= now }
        for key in over.keys { self.windows[key] = nil }
        return over.filter { $0.value.suppressed > 0 }.map { Summary(key: $0.key, count: $0.value.suppressed) }
    }

    /// Closes all windows, as `expire`.
    mutating func expireAll() -> [Summary] {
        defer { self.windows = [:] }
        return self.windows.filter { $0.value.suppressed > 0 }
            .map { Summary(key: $0.key, count: $0.value.suppressed) }
    }

    private mutating func open(_ key: Key, at now: ContinuousClock.Instant) -> Decision {
        if self.windows.count >= self.keyLimit {
            self.windows = self.windows.filter { $0.value.ends > now || $0.value.suppressed > 0 }
        }
        if self.windows.count < self.keyLimit {
            self.windows[key] = Window(ends: now + self.window, written: 1, suppressed: 0)
        }
        return .write
    }
}
