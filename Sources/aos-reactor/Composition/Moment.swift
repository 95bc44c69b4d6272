import ArgumentParser
import Events
import ReactorConfig
import ReactorRuntime
import Telemetry

/// A time on the command line: `2026-11-21T18:00:00Z`, `now`, or how far away it is: `15m`, `2h`.
struct Moment: ExpressibleByArgument {
    private enum Form {
        case fixed(Timestamp)
        case distance(Duration)
    }

    private let form: Form

    init?(argument: String) {
        if argument == "now" {
            self.form = .distance(.zero)
        } else if let distance = DurationText.parse(argument) {
            self.form = .distance(distance)
        } else if let reading = Timestamp.parse(iso8601: argument), reading.timestamp.microseconds >= 0 {
            self.form = .fixed(reading.timestamp)
        } else {
            return nil
        }
    }

    static var allValueStrings: [String] { ["2026-11-21T18:00:00Z", "now", "15m"] }

    /// A distance counts backwards: since 15m.
    var past: Timestamp { self.at(-1) }
    /// A distance counts forwards: until 15m.
    var future: Timestamp { self.at(1) }

    private func at(_ direction: Int64) -> Timestamp {
        switch self.form {
        case .fixed(let time): return time
        case .distance(let distance):
            let now = PipelineClock.system.wall().microseconds
            return Timestamp(microseconds: max(0, now + direction * distance.wholeMicroseconds))
        }
    }
}

extension Timestamp {
    /// As the admin interface takes and gives it.
    var text: String { RFC3339.text(microseconds: self.microseconds) }
}

/// Times of answers, for people.
enum ShownTime {
    /// `2026-11-21 18:00:03` of `2026-11-21T18:00:03.123456Z`.
    static func short(_ text: String) -> String {
        String(text.prefix(19).map { $0 == "T" ? " " : $0 })
    }

    /// `18:00:03`
    static func clock(_ text: String) -> String { String(text.dropFirst(11).prefix(8)) }
}
