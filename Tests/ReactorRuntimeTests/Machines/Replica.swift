import EventPatterns
import Events
import Logging
import Reactions
import ReactorRuntime

/// An event at a time in milliseconds, or only time that passes.
struct Step: Sendable {
    static let start = Timestamp(seconds: 1_700_000_000)

    let time: Int
    /// As every reactor hears it.
    let event: Event?

    init(time: Int, type: String?, payload: JSONValue) {
        self.time = time
        self.event = type.flatMap { type in
            let now = Self.start + .milliseconds(time)
            let writer = EnvelopeWriter(eventType: type, timestamp: now, source: "tests", payload: payload)
            return try? Event(frame: writer.bytes, arrivedAt: now)
        }
    }
}

/// The machines of one reactor.
final class Replica {
    private let machines = MachineSet()
    private let number: Int
    private let sharing: MachineSharing?
    private let startsAt: Int
    private var hasBegun = false
    private var latest = Timestamp(microseconds: .min)

    static var contract: MachineDefinition {
        var definition = ContractDefinition(name: "contract")
        definition.runTimeout = .seconds(10)
        definition.grace = .seconds(1)
        definition.longestPause = .seconds(20)
        definition.events.progressed = [.exact("run.progress")]
        return .contract(definition)
    }

    /// - Parameter startsAt: in milliseconds.
    init(
        _ store: (any MachineStore)?,
        name: String = "contract",
        _ definition: MachineDefinition = Replica.contract,
        startsAt: Int = 0
    ) {
        self.startsAt = startsAt
        self.number = self.machines.number(of: name, definition)
        let machines = self.machines
        self.sharing = store.map { store in
            MachineSharing(store: store, machines: machines, logger: Logger(label: "tests")) { event in
                ("nobody", Array(event.eventType.utf8))
            }
        }
    }

    private func moment(_ time: Int) -> MachineMoment { self.moment(Step.start + .milliseconds(time)) }

    /// Machines do not see the time go back.
    private func moment(_ time: Timestamp) -> MachineMoment {
        self.latest = max(self.latest, time)
        return MachineMoment(now: self.latest, heardAt: time) { "id" }
    }

    func begin() async {
        guard !self.hasBegun else { return }
        self.hasBegun = true
        await self.sharing?.load(self.moment(self.startsAt))
    }

    func learn(_ stored: StoredKey) { self.sharing?.learn(stored, machine: self.number, self.moment(0)) }

    /// What is told of steps that are written down together, as those are that wait together.
    func take(_ steps: [Step]) async -> [String] {
        await self.begin()
        var outputs: [MachineOutput] = []
        for step in steps {
            let now = Step.start + .milliseconds(step.time)
            while let due = self.machines.nextDeadline, due <= now {
                outputs += self.machines.advance(self.moment(due))
            }
            outputs += self.handle(step)
        }
        return await self.settle(outputs, self.moment(steps.last?.time ?? 0))
    }

    /// What is told of a step and of what became due before it.
    func take(_ step: Step) async -> [String] {
        await self.begin()
        var told: [String] = []
        let now = Step.start + .milliseconds(step.time)
        while let due = self.machines.nextDeadline, due <= now {
            let moment = self.moment(due)
            told += await self.settle(self.machines.advance(moment), moment)
        }
        guard step.event != nil else { return told }
        return told + (await self.settle(self.handle(step), self.moment(step.time)))
    }

    private func handle(_ step: Step) -> [MachineOutput] {
        guard let event = step.event else { return [] }
        return self.machines.handle(event, machine: self.number, self.moment(step.time))
    }

    private func settle(_ outputs: [MachineOutput], _ moment: MachineMoment) async -> [String] {
        guard let sharing = self.sharing else { return outputs.compactMap(Self.text) }
        return await sharing.settle(outputs, moment).flatMap { $0.outputs.compactMap(Self.text) }
    }

    /// Without the time of the last sign of life, which is written down with the next change only.
    private static func lasting(_ payload: JSONValue) -> JSONValue {
        guard case .object(let members) = payload else { return payload }
        return .object(members.filter { $0.name != "last_activity" })
    }

    private static func text(_ output: MachineOutput) -> String? {
        switch output.content {
        case .react(.publish(let event)): "publish \(event.eventType) \(Self.lasting(event.payload).compactText)"
        case .react(.alert(let alert)): "alert \(alert.key) \(alert.severity.rawValue)"
        case .react(.resolve(let resolution)): "resolve \(resolution.key)"
        case .react, .record, .count: nil
        }
    }
}
