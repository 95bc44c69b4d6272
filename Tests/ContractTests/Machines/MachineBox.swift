import Events
import Reactions
import Testing

/// A machine that a test turns the clock of.
struct MachineBox<Kind: Machine> {
    var machine: Kind
    /// Milliseconds since the test began.
    var time = 0
    private var ids = 0

    static var start: Timestamp { Timestamp(seconds: 1_795_000_000) }

    init(_ machine: Kind) { self.machine = machine }

    /// The time as it is now.
    mutating func moment() -> MachineMoment {
        self.ids += 1000
        var next = self.ids
        return MachineMoment(now: Self.start + .milliseconds(self.time)) {
            next += 1
            return "id-\(next)"
        }
    }

    /// An event at a time, in milliseconds.
    mutating func event(
        _ type: String,
        at time: Int,
        _ payload: JSONValue = .object([]),
        source: String = "tests",
        id: String? = nil
    ) throws -> [MachineOutput] {
        self.time = time
        let now = Self.start + .milliseconds(time)
        var writer = EnvelopeWriter(eventType: type, timestamp: now, source: source, payload: payload)
        writer.eventID = id
        let event = try Event(frame: writer.bytes, arrivedAt: now)
        return self.machine.handle(event, self.moment())
    }

    mutating func notice(_ notice: MachineNotice, at time: Int) -> [MachineOutput] {
        self.time = time
        return self.machine.handle(notice, self.moment())
    }

    /// Lets the time pass as the runtime does: at each deadline.
    mutating func pass(until time: Int) -> [MachineOutput] {
        var outputs: [MachineOutput] = []
        let end = Self.start + .milliseconds(time)
        while let due = self.machine.nextDeadline, due <= end {
            // Not before it is due, which may be between two milliseconds.
            self.time = Int(((due - Self.start).wholeMicroseconds + 999) / 1000)
            outputs += self.machine.advance(self.moment())
        }
        self.time = time
        return outputs
    }
}

extension [MachineOutput] {
    var alerts: [Alert] { self.compactMap { if case .react(.alert(let alert)) = $0.content { alert } else { nil } } }
    var resolutions: [Resolution] {
        self.compactMap { if case .react(.resolve(let resolution)) = $0.content { resolution } else { nil } }
    }
    var published: [OutgoingEvent] {
        self.compactMap { if case .react(.publish(let event)) = $0.content { event } else { nil } }
    }
    var counts: [MachineCount: UInt64] {
        self.reduce(into: [:]) { sums, output in
            if case .count(let count, let number) = output.content { sums[count, default: 0] += number }
        }
    }
}
