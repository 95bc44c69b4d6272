import Events
import Reactions

/// What happens to one run, second by second: everything in every order, close to the deadlines.
struct RandomLifecycle {
    /// The seconds at which something is told.
    var inputs: [Int: [RunInput]] = [:]
    /// What is answered when it is asked whether the run is still open, and how much later; nil: nothing.
    var truth: RunTruth?
    var truthDelay: Int

    static let seconds = 32
    static let longest = 60

    static let actions: [AuditedAction] = [.createIncident, .evaluatePolicy, .startTrace]

    /// What the contract says; the model is told the same in its own words.
    static func definition(_ generator: inout some RandomNumberGenerator) -> ContractDefinition {
        var definition = ContractDefinition(
            expectations: [
                .init(.createIncident, within: .seconds(3)), .init(.evaluatePolicy, within: .seconds(3)),
                .init(.startTrace, within: .seconds(5)),
            ]
        )
        // At times two of a kind, at times nothing but an end.
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: definition.expectations.append(.init(.createIncident, within: .seconds(6)))
        case 1: definition.expectations = []
        default: break
        }
        definition.runTimeout = .seconds(7)
        definition.grace = .seconds(2)
        definition.driftPatience = .seconds(Int.random(in: 1...3, using: &generator))
        definition.truthPatience = .seconds(Int.random(in: 0...2, using: &generator))
        definition.longestPause = .seconds(6)
        return definition
    }

    static func model(_ definition: ContractDefinition) -> ContractModel {
        ContractModel(
            standard: definition.expectations.map { ($0.action.description, Int($0.deadline.components.seconds)) },
            end: definition.finalize.description,
            endLength: Int((definition.runTimeout + definition.grace).components.seconds),
            optional: Set(definition.allowed.map(\.action.description)),
            driftPatience: Int(definition.driftPatience.components.seconds),
            truthPatience: Int(definition.truthPatience.components.seconds),
            longestPause: Int(definition.longestPause.components.seconds)
        )
    }

    init(_ generator: inout some RandomNumberGenerator) {
        self.truthDelay = Int.random(in: 0...1, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: self.truth = .open
        case 1: self.truth = .unreadable
        case 2:
            let end = Acknowledgement(id: "end", action: .finalizeRun)
            self.truth = .finalized(end, at: Timestamp(microseconds: 0))
        default: self.truth = nil
        }
        if Int.random(in: 0..<10, using: &generator) > 0 {
            for _ in 0..<(Int.random(in: 0..<12, using: &generator) == 0 ? 2 : 1) {
                self.add(.started, before: 3, &generator)
            }
        }
        for action in Self.actions {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<6: self.acknowledge(action, "1", before: 5, &generator)
            case 6: break
            case 7:
                // The same one twice.
                let id = "1"
                self.acknowledge(action, id, before: 9, &generator)
                self.acknowledge(action, id, before: 20, &generator)
            case 8:
                self.acknowledge(action, "1", before: 9, &generator)
                self.acknowledge(action, "2", before: 20, &generator)
            default: self.acknowledge(action, "1", before: 20, &generator)
            }
        }
        self.addStrays(&generator)
        if Int.random(in: 0..<10, using: &generator) > 1 {
            let late = Int.random(in: 0..<3, using: &generator) == 0
            self.acknowledge(.finalizeRun, "end", before: late ? 30 : 9, &generator)
        }
        if Int.random(in: 0..<20, using: &generator) == 0 {
            self.acknowledge(.finalizeRun, "end again", before: 30, &generator)
        }
    }

    private mutating func addStrays(_ generator: inout some RandomNumberGenerator) {
        for number in 0..<Int.random(in: 0...2, using: &generator) {
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: self.acknowledge(.completeTrace, "trace \(number)", before: 20, &generator)
            case 1: self.acknowledge(AuditedAction("other", "thing"), "thing \(number)", before: 20, &generator)
            case 2:
                self.add(.paused, before: 20, &generator)
                self.add(.resumed, before: 25, &generator)
            case 3: self.add(.progressed, before: 25, &generator)
            default:
                // The end may be declared too, but once: a run ends once.
                let actions = Self.actions + [AuditedAction("other", "thing")] + (number == 0 ? [.finalizeRun] : [])
                let deadline: Duration? =
                    switch Int.random(in: 0..<6, using: &generator) {
                    case 0: nil
                    case 1: .seconds(-1)
                    default: .seconds(Int.random(in: 1...8, using: &generator))
                    }
                let declaration = ExpectationDeclaration(
                    id: "declaration \(number)",
                    action: actions.randomElement(using: &generator) ?? .startTrace,
                    deadline: deadline
                )
                self.add(.declared(declaration), before: 12, &generator)
                if Bool.random(using: &generator) { self.add(.declared(declaration), before: 20, &generator) }
            }
        }
    }

    private mutating func acknowledge(
        _ action: AuditedAction,
        _ id: String,
        before: Int,
        _ generator: inout some RandomNumberGenerator
    ) {
        var ack = Acknowledgement(id: id, action: action)
        switch Int.random(in: 0..<12, using: &generator) {
        case 0:
            ack.status = .failed
            ack.error = "it failed"
        case 1: ack.error = "an error after all"
        case 2:
            ack.status = .rolledBack
            if Bool.random(using: &generator) { self.acknowledge(action, id + " undone", before: before, &generator) }
        default: break
        }
        self.add(.acknowledged(ack), before: before, &generator)
    }

    private mutating func add(_ input: RunInput, before: Int, _ generator: inout some RandomNumberGenerator) {
        self.inputs[Int.random(in: 0..<before, using: &generator), default: []].append(input)
    }
}
