import Events

/// What one run may use, by the original's names and bounds.
package struct RunLimits: Sendable, Hashable {
    /// `max_execution_time_ms`, 1000...300000
    package var executionTime: Duration
    /// `max_tokens`, 256...200000
    package var tokens: Int
    /// `max_cost_usd`, 0.01...100
    package var costUSD: Double
    /// `failure_signal`: whether a run that failed is a signal.
    package var failureSignal: Bool

    package static let executionTimes: ClosedRange<Duration> = .milliseconds(1000)...Duration.milliseconds(300_000)
    package static let tokenCounts = 256...200_000
    package static let costs = 0.01...100.0

    /// 60 s, 8192 tokens, 1 USD, and failures are told.
    package static let standard = RunLimits(
        executionTime: .milliseconds(60_000),
        tokens: 8192,
        costUSD: 1,
        failureSignal: true
    )

    package init(executionTime: Duration, tokens: Int, costUSD: Double, failureSignal: Bool) {
        self.executionTime = executionTime
        self.tokens = tokens
        self.costUSD = costUSD
        self.failureSignal = failureSignal
    }

    /// The limits of a run: for each of the four what the closest scope says, AGENT before PROJECT before TENANT before
    /// GLOBAL, whatever the order in which they were made; among limits of one scope the later one. What nobody says is
    /// standard.
    package init(of run: LimitedRun, from limits: [ScopedLimits]) {
        self = .standard
        let holding = limits.enumerated().filter { $0.element.scope.holds(run) }
            .sorted { ($0.element.scope.rank, $0.offset) < ($1.element.scope.rank, $1.offset) }
        for (_, limit) in holding {
            self.executionTime = limit.executionTime ?? self.executionTime
            self.tokens = limit.tokens ?? self.tokens
            self.costUSD = limit.costUSD ?? self.costUSD
            self.failureSignal = limit.failureSignal ?? self.failureSignal
        }
    }
}

/// What a run is limited by.
package struct LimitedRun: Sendable, Hashable {
    package var id: String
    package var tenant: String
    package var project: String
    package var agent: String

    package init(id: String, tenant: String = "", project: String = "", agent: String = "") {
        self.id = id
        self.tenant = tenant
        self.project = project
        self.agent = agent
    }
}

/// Limits for some runs; what is nil is left to others.
package struct ScopedLimits: Sendable, Hashable {
    package enum Scope: Sendable, Hashable {
        case global
        case tenant(String)
        case project(String)
        case agent(String)

        /// The highest one decides.
        var rank: Int {
            switch self {
            case .global: 0
            case .tenant: 1
            case .project: 2
            case .agent: 3
            }
        }

        func holds(_ run: LimitedRun) -> Bool {
            switch self {
            case .global: true
            case .tenant(let tenant): tenant == run.tenant
            case .project(let project): project == run.project
            case .agent(let agent): agent == run.agent
            }
        }
    }

    package var scope: Scope
    package var executionTime: Duration?
    package var tokens: Int?
    package var costUSD: Double?
    package var failureSignal: Bool?

    package init(_ scope: Scope) { self.scope = scope }

    /// What is wrong with it, each with the field's name and what is allowed; nothing when it may be used.
    package var problems: [String] {
        var problems: [String] = []
        if let time = self.executionTime, !RunLimits.executionTimes.contains(time) {
            problems.append("max_execution_time_ms is \(time.wholeMicroseconds / 1000), allowed is 1000 to 300000")
        }
        if let tokens = self.tokens, !RunLimits.tokenCounts.contains(tokens) {
            problems.append("max_tokens is \(tokens), allowed is 256 to 200000")
        }
        if let cost = self.costUSD, !RunLimits.costs.contains(cost) {
            problems.append("max_cost_usd is \(cost), allowed is 0.01 to 100")
        }
        return problems
    }
}

/// How risky a run is. It never falls.
package enum RiskLevel: String, Sendable, Hashable, CaseIterable, Comparable {
    case normal = "NORMAL"
    case nearThreshold = "NEAR_THRESHOLD"
    case atRisk = "AT_RISK"
    case violated = "VIOLATED"

    /// What events and history call it.
    package static let member = "risk_level"

    package var rank: Int {
        switch self {
        case .normal: 0
        case .nearThreshold: 1
        case .atRisk: 2
        case .violated: 3
        }
    }

    package static func < (lhs: RiskLevel, rhs: RiskLevel) -> Bool { lhs.rank < rhs.rank }
}

/// What a run did with its limits, by the original's names and in the original's order.
package enum RunLimitSignal: String, Sendable, Hashable, CaseIterable {
    case failed = "RUN_FAILED"
    case executionTime = "EXECUTION_TIME_EXCEEDED"
    case tokens = "TOKEN_LIMIT_EXCEEDED"
    case cost = "COST_LIMIT_EXCEEDED"

    package var risk: RiskLevel { self == .failed ? .violated : .atRisk }
}
