import Reactions

/// The contract of one run, written from the text of the design, as slow as it is simple: acknowledgements and
/// expectations are things that are handed to each other one by one, and time passes second by second.
struct ContractModel {
    struct Finding: Hashable, Comparable, CustomStringConvertible {
        var kind: String
        var action: String
        var second: Int

        var description: String { "\(self.kind) \(self.action) at \(self.second)" }
        static func < (lhs: Finding, rhs: Finding) -> Bool {
            (lhs.second, lhs.kind, lhs.action) < (rhs.second, rhs.kind, rhs.action)
        }
    }

    /// Something expected, and how it stands.
    private struct Wanted {
        enum State { case open, answeredInTime, outstanding, answeredLate }
        var action: String
        /// Seconds of the run's clock; nil without a valid deadline.
        var left: Int?
        var length: Int
        var isDerived: Bool
        var state = State.open
    }

    private struct Done {
        var action: String
        var status: Acknowledgement.Status
        var isFailure: Bool
    }

    let standard: [(action: String, length: Int)]
    let end: String
    let endLength: Int
    let optional: Set<String>
    let driftPatience: Int
    let truthPatience: Int
    let longestPause: Int

    private(set) var findings: [Finding] = []
    private var wanted: [Wanted] = []
    private var done: [Done] = []
    private var ids: Set<String> = []
    private var hasStarted = false
    private var isPaused = false
    private var pausedFor = 0
    private var driftChecks: [String: Int] = [:]
    private var driftTold: [String: Int] = [:]
    private var invalid = 0
    private(set) var isAsked = false
    private var askedFor = 0
    private var isStale = false
    private var wasStale = false

    init(
        standard: [(action: String, length: Int)],
        end: String,
        endLength: Int,
        optional: Set<String>,
        driftPatience: Int,
        truthPatience: Int,
        longestPause: Int
    ) {
        self.standard = standard
        self.end = end
        self.endLength = endLength
        self.optional = optional
        self.driftPatience = driftPatience
        self.truthPatience = truthPatience
        self.longestPause = longestPause
    }

    private var hasContract: Bool { self.hasStarted || !self.wanted.isEmpty }

    var status: ContractStatus {
        if !self.hasContract { return .unknown }
        if self.isStale { return .stale }
        let isMissing = self.wanted.contains { $0.state == .outstanding && $0.action != self.end }
        if self.invalid > 0 || !self.driftTold.isEmpty || isMissing { return .incomplete }
        for action in Set(self.done.map(\.action)) where action != self.end {
            let failures = self.done.count { $0.action == action && $0.isFailure }
            let successes = self.done.count { $0.action == action && $0.status == .success && !$0.isFailure }
            let limit = self.limit(action)
            if failures > 0, limit == 0 || successes < limit { return .incomplete }
        }
        return self.isAsked || self.wanted.contains { $0.state == .open && $0.left != nil } ? .pending : .complete
    }

    /// A second has passed and nothing was told in it.
    mutating func pass(to second: Int) {
        if self.isAsked { self.askedFor += 1 }
        let wasPaused = self.isPaused
        if self.isPaused {
            self.pausedFor += 1
            if self.pausedFor == self.longestPause { self.isPaused = false }
        }
        if !wasPaused {
            for index in self.wanted.indices where self.wanted[index].left != nil { self.wanted[index].left? -= 1 }
            self.judgeDeadlines(second)
        }
        for (action, check) in self.driftChecks where check == second {
            self.driftChecks[action] = nil
            let excess = self.excess(action)
            let told = self.driftTold[action] ?? 0
            for _ in told..<max(told, excess) { self.find("DRIFT", action, second) }
            if excess > told { self.driftTold[action] = excess }
        }
        if self.isAsked, self.askedFor >= self.truthPatience { self.tellStale(second) }
    }

    private mutating func judgeDeadlines(_ second: Int) {
        for index in self.wanted.indices where self.wanted[index].left == 0 {
            switch self.wanted[index].state {
            case .open where self.wanted[index].action == self.end:
                self.wanted[index].state = .outstanding
                if !self.isAsked, !self.wasStale {
                    self.isAsked = true
                    self.askedFor = 0
                }
            case .open:
                self.wanted[index].state = .outstanding
                self.find("MISSING", self.wanted[index].action, second)
            default: break
            }
        }
    }

    private mutating func tellStale(_ second: Int) {
        self.isAsked = false
        self.isStale = true
        self.wasStale = true
        // It has been stale since the deadline.
        self.find("STALE", self.end, second - self.askedFor)
    }

    mutating func take(_ input: RunInput, at second: Int) {
        switch input {
        case .started: self.start()
        case .declared(let declaration): self.declare(declaration, second)
        case .acknowledged(let ack): self.acknowledge(ack, second)
        case .progressed: self.progress()
        case .paused:
            if !self.isPaused { self.pausedFor = 0 }
            self.isPaused = true
        case .resumed: self.isPaused = false
        case .truth(let truth): self.learn(truth, second)
        }
        if self.hasContract, !self.done.isEmpty {
            for action in Set(self.done.map(\.action))
            where self.driftChecks[action] == nil && self.excess(action) > self.driftTold[action] ?? 0 {
                self.driftChecks[action] = second + self.driftPatience
            }
        }
    }

    private mutating func start() {
        guard !self.hasStarted else { return }
        self.hasStarted = true
        // Each valid declaration of an action stands for one of what the contract says of it.
        for action in Set(self.standard.map(\.action) + [self.end]) {
            let lengths = (self.standard + [(self.end, self.endLength)]).filter { $0.action == action }.map(\.length)
            let declared = self.wanted.count { $0.action == action && $0.left != nil }
            for length in lengths.dropFirst(declared) {
                self.wanted.removeAll { $0.action == action && $0.left == nil }
                self.wanted.append(Wanted(action: action, left: length, length: length, isDerived: true))
            }
            self.rematch(action)
        }
    }

    private mutating func declare(_ declaration: ExpectationDeclaration, _ second: Int) {
        guard self.ids.insert("declared \(declaration.action) " + declaration.id).inserted else { return }
        let action = declaration.action.description
        guard let length = declaration.deadline.map({ Int($0.components.seconds) }), length > 0 else {
            self.invalid += 1
            self.find("INVALID", action, second)
            // It counts as expected when nothing else makes it so.
            if !self.wanted.contains(where: { $0.action == action }) {
                self.wanted.append(Wanted(action: action, left: nil, length: 0, isDerived: false))
            }
            return self.rematch(action)
        }
        if let index = self.wanted.firstIndex(where: { $0.action == action && $0.isDerived }) {
            self.wanted[index].isDerived = false
            guard let left = self.wanted[index].left, left > 0 else { return }
            self.wanted[index].left = length
            self.wanted[index].length = length
        } else {
            self.wanted.removeAll { $0.action == action && $0.left == nil }
            self.wanted.append(Wanted(action: action, left: length, length: length, isDerived: false))
        }
        self.rematch(action)
    }

    private mutating func acknowledge(_ ack: Acknowledgement, _ second: Int) {
        let action = ack.action.description
        let hasError = ack.status == .failed || (ack.status == .success && ack.error != nil)
        let isFailure = hasError && action != self.end
        let ending = ack.status == .rolledBack ? "undid" : isFailure ? "failed" : "did"
        guard self.ids.insert("\(ending) \(action) \(ack.id)").inserted else { return }
        let before = self.answers(action)
        self.done.append(
            Done(action: action, status: action == self.end && hasError ? .success : ack.status, isFailure: isFailure)
        )
        if isFailure { self.find("FAILED", action, second) }
        guard self.answers(action) > before else { return }
        self.hand(action, second)
    }

    /// Hands one answer to whoever waits for it: first to those that waited in vain.
    private mutating func hand(_ action: String, _ second: Int) {
        if let late = self.wanted.firstIndex(where: { $0.action == action && $0.state == .outstanding }) {
            self.wanted[late].state = .answeredLate
            self.find("LATE", action, second)
            if action == self.end, !self.wanted.contains(where: { $0.action == action && $0.state == .outstanding }) {
                self.isAsked = false
                self.isStale = false
            }
            return
        }
        self.matchSpare(action)
        self.rematch(action)
    }

    /// Answers that nobody has taken go to those who wait.
    private mutating func matchSpare(_ action: String) {
        let taken = self.wanted.count { $0.action == action && ($0.state != .open && $0.state != .outstanding) }
        var spare = self.answers(action) - taken
        while spare > 0, let index = self.firstOpen(action) {
            self.wanted[index].state = .answeredInTime
            spare -= 1
        }
    }

    private func firstOpen(_ action: String) -> Int? {
        self.wanted.indices.filter { self.wanted[$0].action == action && self.wanted[$0].state == .open }
            .min { self.wanted[$0].left ?? .max < self.wanted[$1].left ?? .max }
    }

    /// Answers to what is not due yet belong to those that are due first.
    private mutating func rematch(_ action: String) {
        for index in self.wanted.indices
        where self.wanted[index].action == action && self.wanted[index].state == .answeredInTime
            && self.wanted[index].left ?? .max > 0
        {
            self.wanted[index].state = .open
        }
        self.matchSpare(action)
    }

    private mutating func progress() {
        for index in self.wanted.indices where self.wanted[index].action == self.end {
            guard let left = self.wanted[index].left else { continue }
            if left > 0 {
                self.wanted[index].left = max(left, self.wanted[index].length)
            } else if self.isAsked, self.wanted[index].state == .outstanding {
                self.wanted[index].state = .open
                self.wanted[index].left = self.wanted[index].length
            }
        }
        if !self.wanted.contains(where: { $0.action == self.end && $0.state == .outstanding }) { self.isAsked = false }
        self.rematch(self.end)
    }

    private mutating func learn(_ truth: RunTruth, _ second: Int) {
        guard self.isAsked else { return }
        switch truth {
        case .open, .unreadable: self.tellStale(second)
        case .finalized(let ack, _):
            guard self.ids.insert("did \(ack.action) \(ack.id)").inserted else { return }
            self.done.append(Done(action: self.end, status: .success, isFailure: false))
            if let index = self.wanted.lastIndex(where: { $0.action == self.end && $0.state == .outstanding }) {
                self.wanted[index].state = .answeredInTime
            }
            self.isAsked = false
        }
    }

    private func answers(_ action: String) -> Int {
        let all = self.done.filter { $0.action == action }
        let successes = all.count { $0.status == .success && !$0.isFailure }
        return max(successes, all.count { $0.status == .rolledBack }) + all.count(where: \.isFailure)
    }

    private func limit(_ action: String) -> Int {
        self.wanted.count { $0.action == action } + (self.optional.contains(action) ? 1 : 0)
    }

    private func excess(_ action: String) -> Int {
        let all = self.done.filter { $0.action == action && $0.status != .rolledBack }
        let limit = self.limit(action)
        return limit == 0 ? all.count : max(0, all.count { !$0.isFailure } - limit)
    }

    private mutating func find(_ kind: String, _ action: String, _ second: Int) {
        self.findings.append(Finding(kind: kind, action: action, second: second))
    }
}
