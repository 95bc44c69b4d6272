import Glibc
package import Logging
import Synchronization

/// The log of the process: what all its loggers share.
///
/// Calls of a logger never wait: lines go through a bounded buffer to a thread that writes them. Call `flush` before
/// the program ends.
package final class LogOutput: Sendable {
    private let settings: LogSettings
    private let sink: LogSink
    private let limiter: Mutex<RepeatLimiter>
    private let levelIndex: Atomic<Int>
    private let suppressedTotal = Atomic<UInt64>(0)
    private let microseconds: @Sendable () -> Int64

    /// - Parameter microseconds: the time since 1970; the system's clock when left out.
    package init(_ settings: LogSettings, microseconds: @escaping @Sendable () -> Int64 = LogOutput.systemTime) {
        self.settings = settings
        self.microseconds = microseconds
        self.levelIndex = Atomic(Self.index(settings.level))
        self.limiter = Mutex(RepeatLimiter(window: settings.repeatWindow, burst: settings.repeatBurst))
        self.sink = LogSink(descriptor: settings.descriptor, capacity: settings.capacity) { dropped in
            var record = LogRecord(microseconds: microseconds(), level: .warning, message: "log lines were dropped")
            record.metadata = ["dropped": .stringConvertible(dropped)]
            return Self.render(record, settings.format)
        }
    }

    /// Level of all loggers that have none of their own; may change at any time.
    package var level: Logger.Level {
        get { Self.levels[self.levelIndex.load(ordering: .relaxed)] }
        set { self.levelIndex.store(Self.index(newValue), ordering: .relaxed) }
    }

    /// A handler for `LoggingSystem.bootstrap`.
    package func handler(label: String, metadataProvider: Logger.MetadataProvider? = nil) -> ReactorLogHandler {
        let isLimited = !self.settings.unlimitedLabels.contains(label)
        return ReactorLogHandler(output: self, isLimited: isLimited, metadataProvider: metadataProvider)
    }

    /// A logger that writes here, for those who are handed one.
    package func logger(label: String) -> Logger {
        Logger(label: label) { self.handler(label: $0) }
    }

    /// Tells what repeats were left out, and waits until everything was written, but no longer than `limit`.
    ///
    /// Blocks the thread: for the end of the program. False when time ran out.
    @discardableResult
    package func flush(within limit: Duration) -> Bool {
        self.tell(self.limiter.withLock { $0.expireAll() })
        return self.sink.flush(within: limit)
    }

    /// Lines dropped because nobody read them fast enough.
    package var droppedLines: UInt64 { self.sink.dropped }

    /// Lines left out because they repeated.
    package var suppressedLines: UInt64 { self.suppressedTotal.load(ordering: .relaxed) }

    /// The system's clock.
    package static let systemTime: @Sendable () -> Int64 = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }
}

extension LogOutput {
    /// Writes one event of a logger, unless it repeats too often.
    func write(_ event: LogEvent, metadata: Logger.Metadata, isLimited: Bool) {
        let message = event.message.description
        if isLimited, self.isSuppressed(RepeatLimiter.Key(level: event.level, message: message)) { return }
        var record = LogRecord(microseconds: self.microseconds(), level: event.level, message: message)
        record.metadata = metadata
        record.error = event.error
        self.sink.append(Self.render(record, self.settings.format))
    }

    private func isSuppressed(_ key: RepeatLimiter.Key) -> Bool {
        switch self.limiter.withLock({ $0.admit(key, at: .now) }) {
        case .write:
            return false
        case .suppress:
            break
        case .suppressFirst(let windowEnds):
            self.sink.schedule(after: ContinuousClock.now.duration(to: windowEnds)) { [weak self] in
                // The timer's clock may be a little ahead of this one.
                self?.expire(at: max(.now, windowEnds))
            }
        }
        self.suppressedTotal.wrappingAdd(1, ordering: .relaxed)
        return true
    }

    private func expire(at now: ContinuousClock.Instant) {
        self.tell(self.limiter.withLock { $0.expire(at: now) })
    }

    private func tell(_ summaries: [RepeatLimiter.Summary]) {
        for summary in summaries {
            var record = LogRecord(
                microseconds: self.microseconds(),
                level: summary.key.level,
                message: "repeated log lines were left out"
            )
            record.metadata = ["repeated": "\(summary.key.message)", "count": .stringConvertible(summary.count)]
            self.sink.append(Self.render(record, self.settings.format))
        }
    }

    private static func render(_ record: LogRecord, _ format: LogFormat) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(256)
        switch format {
        case .json: record.appendJSON(to: &line)
        case .text(let colored): record.appendText(colored: colored, to: &line)
        }
        return line
    }

    private static let levels = Logger.Level.allCases

    private static func index(_ level: Logger.Level) -> Int { self.levels.firstIndex(of: level) ?? 0 }
}

extension LogOutput: MetricsCollector {
    package func collect(into writer: inout ExpositionWriter) {
        writer.family(MetricCatalog.SelfReport.logLinesDropped, self.droppedLines)
        writer.family(MetricCatalog.SelfReport.logLinesSuppressed, self.suppressedLines)
        writer.family(MetricCatalog.SelfReport.logWriteErrors, self.sink.writeErrors)
    }
}
