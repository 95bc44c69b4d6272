package import Events
package import Reactions

/// What is told of runs by others than the channel, and what is known of workers.
package protocol RunBook: Sendable {
    /// That a run is expected to do something, or has done it: `audit.expectation.declared` or `audit.ack`.
    ///
    /// - Returns: what is known of the run afterwards; nil when no handler takes such events.
    func tell(_ type: String, runID: String, _ payload: JSONValue) async throws -> ContractStatus?

    /// Those who are to beat, by handler and name.
    func workers() async -> [WorkerStatus]
}

/// A worker, as it stands now.
package struct WorkerStatus: Sendable, Hashable {
    /// The handler that watches it.
    package var handler: String
    package var worker: WorkerView

    package init(handler: String, worker: WorkerView) {
        self.handler = handler
        self.worker = worker
    }
}

/// Why something about a run was not taken in.
package struct RunBookError: Error, Sendable, Hashable, CustomStringConvertible {
    package var description: String
}

extension Reactor: RunBook {
    package func tell(_ type: String, runID: String, _ payload: JSONValue) async throws -> ContractStatus? {
        let life = self.visit().life
        defer { life?.visits.leave() }
        let now = self.clock.wall()
        let writer = EnvelopeWriter(eventType: type, timestamp: now, source: "http", payload: payload)
        let event = try Event(frame: writer.bytes, arrivedAt: now)
        let numbers = self.machines.contracts(thatTake: event)
        guard !numbers.isEmpty else { return nil }
        guard let life, await life.machines.accept(event, machines: numbers) else {
            throw RunBookError(description: "the reactor is not running")
        }
        return self.machines.first(of: ContractMachine.self) { $0.summary(of: runID)?.status } ?? .unknown
    }

    package func workers() async -> [WorkerStatus] {
        let life = self.visit().life
        defer { life?.visits.leave() }
        let now = life?.machines.clock.now ?? self.clock.wall()
        return self.machines.all(of: WorkerMachine.self) { machine in
            machine.views(at: now).map { WorkerStatus(handler: machine.name, worker: $0) }
        }.flatMap(\.self)
    }
}
