package import Events

extension EventExplanation {
    /// For people: those who get the event in the order of the calls, then the others, each with the reason.
    package var text: String {
        let width = self.decisions.map { $0.name.count }.max() ?? 0
        var lines = [
            "\(self.eventType) from \(self.source): "
                + (self.called.isEmpty ? "reaches no handler" : "reaches \(self.called.count) of")
                + (self.called.isEmpty ? "" : " \(self.decisions.count) handlers")
        ]
        for decision in self.inReadingOrder {
            let name = decision.name + String(repeating: " ", count: width - decision.name.count)
            lines += decision.lines.enumerated().map { index, line in
                index == 0
                    ? "\(decision.mark) \(name)  \(line)" : String(repeating: " ", count: width + 7) + line
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var inReadingOrder: [RuleDecision] {
        let others = self.decisions.indices.filter { !self.called.contains($0) }
        return (self.called + others.sorted { (self.decisions[$0].rank, $0) < (self.decisions[$1].rank, $1) })
            .map { self.decisions[$0] }
    }

    /// For programs: `{"event_type","source","called":[names],"handlers":[…]}`, the handlers in the order of their files.
    package var json: JSONValue {
        [
            "event_type": .string(self.eventType), "source": .string(self.source),
            "called": .array(self.called.map { .string(self.decisions[$0].name) }),
            "handlers": .array(self.decisions.map(\.json)),
        ]
    }
}

extension RuleDecision {
    /// In front of the name, four characters: the place among the calls, or nothing.
    fileprivate var mark: String {
        guard case .called(let order, _) = self.outcome else { return "   -" }
        let number = String(order)
        return String(repeating: " ", count: max(0, 4 - number.count)) + number
    }

    /// Those that came closest first.
    fileprivate var rank: Int {
        switch self.outcome {
        case .called, .disagreement: 0
        case .refused: 1
        case .notNamed: 2
        case .disabled: 3
        case .otherType: 4
        }
    }

    /// The reason, one line or one for each leaf.
    fileprivate var lines: [String] {
        let types = self.on.map(\.description).joined(separator: ", ")
        switch self.outcome {
        case .called(_, let leaves):
            let accepted = self.acceptedBy.map { "`on` accepts \($0)" } ?? ""
            return leaves.isEmpty ? [accepted] : leaves.map(\.description)
        case .otherType: return ["`on` accepts \(types)"]
        case .notNamed: return ["`on` accepts \(types), but events of this type only reach handlers that name it"]
        case .refused(let failure): return ["\(failure)"]
        case .disabled(let wouldMatch): return ["is switched off" + (wouldMatch ? "; would get the event" : "")]
        case .disagreement:
            return ["the matcher and the explanation of the pattern differ: a defect of aos-reactor, please report it"]
        }
    }

    fileprivate var json: JSONValue {
        var members = [JSONMember("handler", .string(self.name))]
        func add(_ name: String, _ value: JSONValue) { members.append(JSONMember(name, value)) }
        switch self.outcome {
        case .called(let order, let leaves):
            add("called", true)
            add("order", .number(order))
            add("leaves", .array(leaves.map(\.json)))
        case .otherType: self.addRefusal("other_type", to: &members)
        case .notNamed: self.addRefusal("type_not_named", to: &members)
        case .disabled(let wouldMatch):
            self.addRefusal("disabled", to: &members)
            add("would_be_called", .bool(wouldMatch))
        case .refused(let failure):
            self.addRefusal("pattern", to: &members)
            add("failure", failure.json)
        case .disagreement: self.addRefusal("disagreement", to: &members)
        }
        add("on", .array(self.on.map { .string($0.description) }))
        add("accepted_by", self.acceptedBy.map { .string($0.description) } ?? .null)
        add("location", self.location.map(JSONValue.string) ?? .null)
        return .object(members)
    }

    private func addRefusal(_ reason: JSONValue, to members: inout [JSONMember]) {
        members += [JSONMember("called", false), JSONMember("reason", reason)]
    }
}
