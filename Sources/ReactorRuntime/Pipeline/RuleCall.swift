import Reactions

/// How a rule's handler is called and where that is counted: all that is looked at for each event, in one small piece.
struct RuleCall: BitwiseCopyable {
    enum Way: BitwiseCopyable {
        /// Only counted: it never wants anything.
        case nothing
        /// Writes log lines of at most this rank, and nothing else.
        case logs(upTo: Int)
        /// A closure that needs nothing but the event.
        case inline
        /// Everything else.
        case whole
    }

    /// Which counter of a handler counts a type.
    enum Counting: BitwiseCopyable {
        /// The first one counts all: the handler names one type.
        case single
        /// One for each type of the table.
        case byType
        /// One for each of the types that the handler names; the route table knows which.
        case byName
    }

    let handler: Int
    let way: Way
    let counting: Counting
    /// The handler's first counter.
    let firstSlot: Int
    /// Whether the event ends what the handler's alerts are about.
    let ends: Bool

    init(_ body: HandlerEntry.Body, handler: Int, counting: Counting, firstSlot: Int, ends: Bool = false) {
        self.ends = ends
        self.handler = handler
        self.counting = counting
        self.firstSlot = firstSlot
        switch body {
        case .declared(let compiled):
            if !compiled.canReact {
                self.way = .nothing
            } else if let level = compiled.onlyLogsUpTo {
                self.way = .logs(upTo: level.rank)
            } else {
                self.way = .whole
            }
        case .inline: self.way = .inline
        case .lane, .machine: self.way = .whole
        }
    }
}
