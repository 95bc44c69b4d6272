import EventPatterns
import Events
package import Reactions
import ReactorConfig

/// Counts which handlers scenarios have called, and which parts of their patterns they have seen true and false.
///
/// Used by one task at a time.
package final class CoverageRecorder {
    private struct Watched {
        var definition: HandlerDefinition
        var probe: LeafProbe?
        var calls = 0
        var wasTrue: [Bool]
        var wasFalse: [Bool]

        init(_ definition: HandlerDefinition) {
            self.definition = definition
            self.probe = definition.match.map { LeafProbe($0) }
            let count = self.probe?.leaves.count ?? 0
            self.wasTrue = Array(repeating: false, count: count)
            self.wasFalse = Array(repeating: false, count: count)
        }
    }

    /// A handler, wherever its file is read from.
    private struct Key: Hashable {
        var name: String
        var location: SourceLocation?

        init(_ definition: HandlerDefinition) {
            self.name = definition.name
            self.location = definition.location
        }
    }

    private var watched: [Watched] = []
    private var numbers: [Key: Int] = [:]
    /// Those of the scenario that runs.
    private var current: [Int] = []
    private let reader = EventReader(form: .envelope)

    /// - Parameter definitions: all handlers that could take part; disabled ones are not looked at.
    package init(_ definitions: [HandlerDefinition]) {
        for definition in definitions where definition.enabled {
            self.numbers[Key(definition)] = self.watched.count
            self.watched.append(Watched(definition))
        }
    }

    func begin(_ scenario: Scenario) { self.current = scenario.handlers.map { self.numbers[Key($0)] ?? -1 } }

    /// A message arrived.
    func note(_ frame: [UInt8]) {
        frame.withUnsafeBytes { bytes in
            let view = ByteView(bytes)
            guard let type = (try? self.reader.read(view))?.eventType.bytes else { return }
            for number in self.current where number >= 0 {
                let isAsked = type.withUnsafeBytes { type in
                    self.watched[number].definition.on.contains { $0.accepts(ByteView(type)) }
                }
                guard isAsked, let truths = self.watched[number].probe?.truths(of: view) else { continue }
                for (index, isTrue) in truths.enumerated() {
                    if isTrue {
                        self.watched[number].wasTrue[index] = true
                    } else {
                        self.watched[number].wasFalse[index] = true
                    }
                }
            }
        }
    }

    /// - Parameter calls: of each handler of the scenario.
    func end(calls: [Int]) {
        for (number, calls) in zip(self.current, calls) where number >= 0 { self.watched[number].calls += calls }
        self.current = []
    }

    package var coverage: Coverage {
        var coverage = Coverage()
        for watched in self.watched {
            coverage.handlers += 1
            let name = watched.definition.name
            if watched.calls == 0 {
                let place = watched.definition.location?.description ?? ""
                coverage.gaps.append(Coverage.Gap(kind: .neverCalled, handler: name, place: place, leaf: ""))
            }
            for (index, leaf) in (watched.probe?.leaves ?? []).enumerated() {
                coverage.leaves += 1
                let file = watched.definition.location?.file ?? ""
                let text = (leaf.isExcluding ? "not " : "") + "\(leaf.path) \(leaf.expected)"
                for (wasSeen, kind) in [
                    (watched.wasTrue[index], Coverage.Gap.Kind.neverTrue), (watched.wasFalse[index], .neverFalse),
                ] where !wasSeen {
                    coverage.gaps.append(
                        Coverage.Gap(kind: kind, handler: name, place: "\(file):\(leaf.mark)", leaf: text)
                    )
                }
                if watched.wasTrue[index], watched.wasFalse[index] { coverage.leavesSeenBoth += 1 }
            }
        }
        return coverage
    }
}

/// What scenarios have reached of the handlers.
package struct Coverage: Sendable, Hashable {
    package struct Gap: Sendable, Hashable {
        package enum Kind: String, Sendable, Hashable {
            case neverCalled = "never called"
            case neverTrue = "never true"
            case neverFalse = "never false"
        }

        package var kind: Kind
        package var handler: String
        /// `handlers/a.yaml:7:14`
        package var place: String
        /// What a part of the pattern wants; empty for a handler as a whole.
        package var leaf: String
    }

    package var handlers = 0
    package var leaves = 0
    package var leavesSeenBoth = 0
    package var gaps: [Gap] = []

    package var handlersCalled: Int { self.handlers - self.gaps.count { $0.kind == .neverCalled } }
}
