package import Events

/// Watches one run's use of time, tokens and money while it goes on, and tells each limit that it exceeds once.
///
/// What was used only grows: an older figure that comes later changes nothing, so reports of use commute and may be
/// told twice. Money counts while the run goes on too; the original looked at it only when a run was over.
package struct RunLimitWatch: Sendable, Hashable {
    package enum Input: Sendable, Hashable {
        /// What it has used so far, as far as the event says.
        case used(tokens: Int?, costUSD: Double?)
        /// `nextDeadline` may have come.
        case deadlineReached
        /// It is over, and how long it took, if the event says; else it took until now.
        case ended(failed: Bool, took: Duration?)
    }

    package enum Action: Sendable, Hashable {
        case exceeded(RunLimitSignal, payload: JSONValue)
        case riskRose(to: RiskLevel)
    }

    package let run: LimitedRun
    package let limits: RunLimits
    package private(set) var risk = RiskLevel.normal
    private let started: Int64
    private var clock = SteadyClock()
    private var tokens = 0
    private var cost = 0.0
    private var isOver = false
    private(set) var told: Set<RunLimitSignal> = []

    package init(_ run: LimitedRun, limits: RunLimits, startedAt: Timestamp) {
        self.run = run
        self.limits = limits
        self.started = self.clock.instant(startedAt)
    }

    /// When its time is over; nil once that does not matter any more.
    package var nextDeadline: Timestamp? {
        guard !self.isOver, !self.told.contains(.executionTime) else { return nil }
        // It may take all of its time, and not a microsecond more.
        return self.clock.reading(self.started &+ self.limits.executionTime.wholeMicroseconds &+ 1)
    }

    var startedAt: Timestamp { self.clock.reading(self.started) }

    package mutating func handle(_ input: Input, at now: Timestamp) -> [Action] {
        let instant = self.clock.instant(now)
        guard !self.isOver else { return [] }
        var signals: [RunLimitSignal] = []
        var elapsed = instant &- self.started
        switch input {
        case .used(let tokens, let cost):
            self.tokens = max(self.tokens, tokens ?? 0)
            if let cost, cost.isFinite { self.cost = max(self.cost, cost) }
        case .deadlineReached: break
        case .ended(let failed, let took):
            self.isOver = true
            if let took { elapsed = took.wholeMicroseconds }
            if failed, self.limits.failureSignal { signals.append(.failed) }
        }
        if elapsed > self.limits.executionTime.wholeMicroseconds { signals.append(.executionTime) }
        if self.tokens > self.limits.tokens { signals.append(.tokens) }
        if self.cost > self.limits.costUSD { signals.append(.cost) }
        return self.tell(signals, elapsed)
    }

    private mutating func tell(_ signals: [RunLimitSignal], _ elapsed: Int64) -> [Action] {
        var actions: [Action] = []
        for signal in signals where self.told.insert(signal).inserted {
            actions.append(.exceeded(signal, payload: self.payload(signal, elapsed)))
        }
        let risk = signals.map(\.risk).max() ?? .normal
        if risk > self.risk {
            self.risk = risk
            actions.append(.riskRose(to: risk))
        }
        return actions
    }

    private func payload(_ signal: RunLimitSignal, _ elapsed: Int64) -> JSONValue {
        let (value, limit): (Double, Double) =
            switch signal {
            case .failed: (1, 0)
            case .executionTime: (Double(elapsed / 1000), Double(self.limits.executionTime.wholeMicroseconds / 1000))
            case .tokens: (Double(self.tokens), Double(self.limits.tokens))
            case .cost: (self.cost, self.limits.costUSD)
            }
        let metric =
            switch signal {
            case .failed: "failure"
            case .executionTime: "execution_time_ms"
            case .tokens: "tokens"
            case .cost: "cost_usd"
            }
        return .object([
            JSONMember("run_id", .string(self.run.id)), JSONMember("tenant_id", .string(self.run.tenant)),
            JSONMember("metric", .string(metric)), JSONMember("current_value", .number(value)),
            JSONMember("threshold_value", .number(limit)),
            // A limit of zero is exceeded wholly, as the original says.
            JSONMember("percentage", .number(limit > 0 ? value * 100 / limit : 100)),
            JSONMember("signal", .string(signal.rawValue)),
        ])
    }
}

// MARK: - What is stored

extension RunLimitWatch {
    /// Complete but for the limits, which the configuration says.
    var json: JSONValue {
        .object([
            JSONMember("tenant_id", .string(self.run.tenant)), JSONMember("project_id", .string(self.run.project)),
            JSONMember("agent_id", .string(self.run.agent)), JSONMember("started", .number(String(self.started))),
            JSONMember("tokens", .number(self.tokens)), JSONMember("cost", .number(self.cost)),
            JSONMember("over", .bool(self.isOver)), JSONMember("risk", .string(self.risk.rawValue)),
            JSONMember("told", .array(self.told.map(\.rawValue).sorted().map { .string($0) })),
        ])
    }

    /// Nil for what is no run's.
    init?(_ json: JSONValue, id: String, limits: (LimitedRun) -> RunLimits) {
        guard let started = json["started"]?.intValue else { return nil }
        let run = LimitedRun(
            id: id,
            tenant: json["tenant_id"]?.stringValue ?? "",
            project: json["project_id"]?.stringValue ?? "",
            agent: json["agent_id"]?.stringValue ?? ""
        )
        self.init(run, limits: limits(run), startedAt: Timestamp(microseconds: Int64(started)))
        self.merge(json)
    }

    /// Takes in what somebody else knows of the run. All of it only grows, so it does not matter who knew what first.
    mutating func merge(_ json: JSONValue) {
        if let tokens = json["tokens"]?.intValue, Self.plausible.contains(tokens) {
            self.tokens = max(self.tokens, tokens)
        }
        if let cost = json["cost"]?.doubleValue, cost.isFinite { self.cost = max(self.cost, cost) }
        self.isOver = self.isOver || json["over"] == .bool(true)
        self.told.formUnion(Self.told(json))
        if let risk = json["risk"]?.stringValue.flatMap(RiskLevel.init(rawValue:)) { self.risk = max(self.risk, risk) }
    }

    /// Numbers of tokens that can be added to each other without end.
    static let plausible = 0...1_000_000_000_000_000

    /// What was told of a run, as it is stored.
    static func told(_ json: JSONValue) -> Set<RunLimitSignal> {
        Set((json["told"]?.arrayValue ?? []).compactMap { $0.stringValue.flatMap(RunLimitSignal.init(rawValue:)) })
    }
}
