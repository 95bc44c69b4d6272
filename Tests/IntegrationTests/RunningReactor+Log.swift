import Events
import Glibc
import ReactorTestKit
import RedisServer
import Testing

/// What a reactor of these tests is configured with: a log that can be read again, and its name.
func faultConfig(_ instance: String, heartbeat: String = "30s") -> String {
    """
    instance: \(instance)
    log: { format: json, level: info }
    heartbeat: { interval: \(heartbeat), miss_threshold: 3 }

    """
}

/// One line of a reactor's log.
struct ReactorLogLine {
    let time: Timestamp
    let message: String
    private let fields: JSONValue

    init?(_ line: Substring) {
        guard let fields = try? Array(line.utf8).withUnsafeBytes({ try JSONValue.parse(ByteView($0)) }),
            let time = fields["ts"]?.stringValue.flatMap({ Timestamp.parse(iso8601: $0) }),
            let message = fields["msg"]?.stringValue
        else { return nil }
        self.time = time.timestamp
        self.message = message
        self.fields = fields
    }

    subscript(field: String) -> String? { self.fields[field]?.stringValue }

    /// The time that a field names.
    func time(_ field: String) -> Timestamp? { self[field].flatMap { Timestamp.parse(iso8601: $0)?.timestamp } }
}

extension RunningReactor {
    /// The lines of its log with this message, the oldest first.
    func logged(_ message: String) -> [ReactorLogLine] {
        self.program.errorOutput.split(separator: "\n").compactMap { ReactorLogLine($0) }
            .filter { $0.message == message }
    }

    /// Waits for the line number `count` with this message.
    func line(_ message: String, _ count: Int = 1) async -> ReactorLogLine? {
        await eventually(within: .seconds(60), "\(message), \(count) times") { self.logged(message).count >= count }
        return self.logged(message).dropFirst(count - 1).first
    }

    /// How many of the alerts that it keeps are of this type; what was told of their ends is none of them.
    func alertCount(_ type: String) async throws -> Int {
        try await self.ownAlerts().count {
            $0["type"]?.stringValue == type && $0["status"]?.stringValue == "firing"
        }
    }

    /// The alerts that this reactor has decided; what others on the same state have decided is listed, too.
    func ownAlerts() async throws -> [JSONValue] {
        let instance = try await self.json("/v1/status")["instance"]?.stringValue
        let alerts = try await self.json("/v1/alerts?limit=1000")["alerts"]?.arrayValue ?? []
        return alerts.filter { $0["receipt"]?["instance"]?.stringValue == instance }
    }
}

/// The time of now on the clock that log lines are written by, to the millisecond as they are.
func wallClock() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000_000 * 1_000)
}

/// Prints a measured figure of a test, one line each.
func figure(_ what: String, _ value: some CustomStringConvertible) {
    print("figure: \(what): \(value)")
}
