import Events

/// Runs that several reactors watch, each of which hears the same.
extension RunLimitBook {
    /// What is known of a run; nil when it is not watched.
    ///
    /// - Parameter now: everything that came until then is in it.
    func json(of id: String, at now: Timestamp) -> JSONValue? {
        guard let entry = self.runs[id], case .object(var members) = entry.watch.json else { return nil }
        members.append(JSONMember("step_tokens", .number(entry.tokens)))
        members.append(JSONMember("step_cost", .number(entry.cost)))
        members.append(JSONMember("at", .number(String(now.microseconds))))
        if let ended = entry.endedAt { members.append(JSONMember("ended", .number(String(ended.microseconds)))) }
        return .object(members)
    }

    /// What is known of a run is written down.
    ///
    /// - Parameter now: everything that came until then is in it.
    mutating func confirm(_ id: String, at now: Timestamp) { self.change(id) { $0.writtenAt = now.microseconds } }

    /// Whether something was written down after what is known here to be written.
    func isLater(_ json: JSONValue, than id: String) -> Bool {
        self.runs[id].map { Int64(json["at"]?.intValue ?? .min) > $0.writtenAt } ?? true
    }

    /// Puts back a run.
    ///
    /// - Returns: False for what is no run's.
    mutating func restore(_ id: String, _ json: JSONValue) -> Bool {
        let limits = self.settings.limits
        guard let watch = RunLimitWatch(json, id: id, limits: { RunLimits(of: $0, from: limits) }) else { return false }
        if self.runs[id] == nil { self.begin(watch) }
        self.merge(id, json)
        return true
    }

    /// Takes in what another reactor has written down of a run. Nil when nothing is kept any more.
    ///
    /// - Returns: the places of what was found here, and is not written down yet, that is left to be told; and whether
    ///   what is stored is to be removed.
    mutating func adopt(_ id: String, _ stored: JSONValue?, _ found: [Action]) -> (left: [Int], isOver: Bool) {
        let own = self.runs[id]
        // A run that begins again has other uses and other signals than before.
        let isEarlier = own.map { entry in
            stored.flatMap(Self.ended).map { $0 < entry.watch.startedAt } ?? false
        }
        let json = isEarlier == true ? nil : stored
        let told = json.map { RunLimitWatch.told($0) } ?? []
        let risk = json?["risk"]?.stringValue.flatMap(RiskLevel.init(rawValue:)) ?? .normal
        let left = found.indices.filter { index in
            switch found[index] {
            case .exceeded(_, let signal, _): !told.contains(signal)
            case .riskRose(_, let level): level > risk
            }
        }
        guard let own else {
            // Its end was heard here. What was told of it goes when whoever told it has forgotten it.
            return (left, stored != nil && told.isEmpty)
        }
        guard let json else { return (left, false) }
        if let ended = own.endedAt, let started = json["started"]?.intValue, started > ended.microseconds {
            self.remove(id)
            _ = self.restore(id, json)
        } else {
            self.merge(id, json)
        }
        return (left, false)
    }

    /// All of it only grows, so it does not matter who knew what first.
    private mutating func merge(_ id: String, _ json: JSONValue) {
        var tokens = json["step_tokens"]?.intValue ?? 0
        if !RunLimitWatch.plausible.contains(tokens) { tokens = 0 }
        let cost = json["step_cost"]?.doubleValue.flatMap { $0.isFinite ? $0 : nil } ?? 0
        let at = json["at"]?.intValue.map { Timestamp(microseconds: Int64($0)) }
        self.change(id) { entry in
            entry.writtenAt = at?.microseconds ?? .min
            entry.watch.merge(json)
            if tokens > entry.tokens || cost > entry.cost {
                entry.tokens = max(entry.tokens, tokens)
                entry.cost = max(entry.cost, cost)
                // Whoever begins while another one goes on, or lags behind it, hears some of what is counted already.
                if let at { entry.countedUntil = max(entry.countedUntil, at) }
            }
            if let ended = Self.ended(json) { entry.endedAt = min(entry.endedAt ?? ended, ended) }
        }
    }

    private static func ended(_ json: JSONValue) -> Timestamp? {
        json["ended"]?.intValue.map { Timestamp(microseconds: Int64($0)) }
    }
}

extension RunLimitBook.Action {
    var key: String {
        switch self {
        case .exceeded(let run, _, _), .riskRose(let run, _): run.id
        }
    }
}
