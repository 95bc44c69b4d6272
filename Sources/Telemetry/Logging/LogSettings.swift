package import Logging

/// How the log is written.
package struct LogSettings: Sendable {
    /// Level of loggers that have none of their own.
    package var level: Logger.Level
    package var format: LogFormat
    /// Where lines go; standard error.
    package var descriptor: Int32
    /// Most bytes that wait for a slow reader; lines beyond are dropped and counted.
    package var capacity: Int
    /// Within this window a message that repeats is written at most `repeatBurst` times, and then counted.
    package var repeatWindow: Duration
    package var repeatBurst: Int
    /// Labels of loggers whose messages may repeat without limit, because each line is one of its own kind: `alerts`,
    /// and `handlers` for what handlers were written to say.
    package var unlimitedLabels: Set<String>

    package init(
        level: Logger.Level = .info,
        format: LogFormat = .json,
        descriptor: Int32 = 2,
        capacity: Int = 1_024 * 1_024,
        repeatWindow: Duration = .seconds(10),
        repeatBurst: Int = 5,
        unlimitedLabels: Set<String> = ["alerts", "handlers"]
    ) {
        self.level = level
        self.format = format
        self.descriptor = descriptor
        self.capacity = capacity
        self.repeatWindow = repeatWindow
        self.repeatBurst = repeatBurst
        self.unlimitedLabels = unlimitedLabels
    }
}
