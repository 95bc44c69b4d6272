package import Events

/// Something that is told, or that would have been, though no alert was raised: an end, or what was held back.
package struct Telling: Sendable, Hashable {
    package var alert: Alert
    package var status: AlertStatus
    package var receipt: Receipt
    /// Where it goes; nil for the routes of the alert.
    package var route: RouteMatch?

    package init(alert: Alert, status: AlertStatus, receipt: Receipt, route: RouteMatch? = nil) {
        self.alert = alert
        self.status = status
        self.receipt = receipt
        self.route = route
    }
}

extension FatigueGate {
    /// What an alert was about is over: what was told as firing is told as resolved, once, and its past holds it back no
    /// longer. Nothing is told of the end of what nobody was told of, nor while it comes and goes.
    ///
    /// - Returns: The alert as it stood (none if it did not), and what is told.
    package mutating func resolve(
        _ resolution: Resolution,
        at reading: Timestamp
    ) -> (stood: [Alert], tellings: [Telling]) {
        let now = self.begin(reading)
        let fingerprint = Fingerprint(key: resolution.key, tenant: resolution.tenant, domain: resolution.domain)
        guard var standing = self.standing[fingerprint], standing.fires else { return ([], []) }
        standing.note(fires: false, self.settings.flapping, at: now)
        self.inhibition.remove(fingerprint, from: standing.inhibitionKeys)
        standing.inhibitionKeys = []
        self.end(fingerprint, tenant: resolution.tenant, domain: resolution.domain)
        let told = standing.toldInOrder
        let stood = [standing.newest] + told
        let isHeld = self.settings.flapping.isEnabled && standing.flapping == .told
        let decision =
            if isHeld {
                FatigueDecision(.flapping, .flapping(percent: standing.percent))
            } else if standing.flapping == .ended, !told.isEmpty {
                FatigueDecision(.sent, .flappingEnded(percent: standing.percent))
            } else {
                FatigueDecision(.sent, .resolved)
            }
        if !isHeld, !told.isEmpty {
            if standing.flapping == .ended { standing.settle() }
            standing.told = [:]
        }
        self.standing[fingerprint] = standing
        let tellings = told.map { alert in
            Telling(
                alert: alert.resolved(by: resolution.summary),
                status: .resolved,
                receipt: self.receipt(
                    alert,
                    fingerprint,
                    decision,
                    limit: 0,
                    handler: resolution.handler,
                    at: reading
                )
            )
        }
        return (stood, tellings)
    }

    /// When `settle` may have something to tell; nil when nothing waits.
    package var nextSettling: Timestamp? {
        let due = [self.nextDigest, self.standing.nextSettling].compactMap(\.self).min()
        return due.map { self.clock.reading($0) }
    }

    /// What has become due: that alerts have settled, and what was held back while a window was open; the earliest first.
    package mutating func settle(at reading: Timestamp) -> [Telling] {
        let now = self.begin(reading)
        // The names say what is first when two things are due at one time, as everywhere.
        var due: [(at: Int64, name: String, tellings: [Telling])] = []
        for heldBack in self.takeHeldBack(dueAt: now) {
            due.append((heldBack.due, "d:" + heldBack.name, [self.tell(heldBack, at: reading)]))
        }
        for fingerprint in self.standing.settled(at: now) {
            guard let standing = self.standing[fingerprint], let settlesAt = standing.settlesAt else { continue }
            due.append((settlesAt, "f:\(fingerprint)", self.calmDown(standing, fingerprint, at: reading)))
        }
        return due.sorted { ($0.at, $0.name) < ($1.at, $1.name) }.flatMap(\.tellings)
    }

    private mutating func tell(_ heldBack: HeldBack, at reading: Timestamp) -> Telling {
        let alert = heldBack.digest(at: reading)
        let fingerprint = alert.fingerprint
        let decision = FatigueDecision(.sent, .digest(alerts: heldBack.total))
        return Telling(
            alert: alert,
            status: .firing,
            receipt: self.receipt(alert, fingerprint, decision, limit: 0, at: reading),
            route: heldBack.digestRoute
        )
    }

    private mutating func calmDown(
        _ before: StandingAlert,
        _ fingerprint: Fingerprint,
        at reading: Timestamp
    ) -> [Telling] {
        var standing = before
        let decision = FatigueDecision(.sent, .flappingEnded(percent: standing.percent))
        let wasTold = standing.flapping == .told || standing.flapping == .ended
        let told = wasTold ? standing.toldInOrder : []
        standing.calmDown()
        if !standing.fires { standing.told = [:] }
        self.standing[fingerprint] = standing
        return told.map { alert in
            Telling(
                alert: alert,
                status: standing.fires ? .firing : .resolved,
                receipt: self.receipt(alert, fingerprint, decision, limit: 0, at: reading)
            )
        }
    }
}

extension Alert {
    /// The alert as it is told when it is over: the same labels, and why.
    package func resolved(by reason: String) -> Alert {
        guard !reason.isEmpty else { return self }
        var alert = self
        let members: [JSONMember] = if case .object(let members) = self.details { members } else { [] }
        alert.details = .object(members + [JSONMember("resolution", .string(reason))])
        return alert
    }
}

extension RoutedNotice {
    /// What is told of a decision: by which routes, and what else is to be said.
    package init(
        _ alert: Alert,
        _ receipt: Receipt?,
        status: AlertStatus = .firing,
        endsAt: Timestamp? = nil,
        routes: [RouteMatch]
    ) {
        let notice = AlertNotice(
            alert,
            receipt: nil,
            status: status,
            endsAt: endsAt,
            lasts: alert.lasts,
            wasTold: status == .resolved
        )
        self.init(notice: notice, routes: routes)
        if let receipt { self.decide(receipt) }
    }

    /// Fills in the decision. Who reads the summary only is told there that the alert began to come and go, or ceased to.
    package mutating func decide(_ receipt: Receipt) {
        self.notice.decision = DecisionSummary(receipt)
        switch receipt.ground {
        case .flappingBegan: self.notice.alert.summary = "Comes and goes: " + self.notice.alert.summary
        case .flappingEnded: self.notice.alert.summary = "No longer comes and goes: " + self.notice.alert.summary
        default: break
        }
    }
}
