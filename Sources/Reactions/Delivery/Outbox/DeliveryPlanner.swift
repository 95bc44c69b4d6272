import Events

/// Makes deliveries of notices and of groups whose time has come. Pure: what it plans from is handed in, and what it plans
/// is written by an outbox, in one step or not at all.
package struct DeliveryPlanner: Sendable {
    /// What of a receiver the message depends on.
    package struct Profile: Sendable {
        package var kind: ReceiverKind
        package var templates: MessageTemplates
        package var sendsResolved: Bool

        package init(_ definition: ReceiverDefinition) {
            self.kind = definition.kind
            self.templates = MessageTemplates(title: definition.title, body: definition.body)
            self.sendsResolved = definition.sendsResolved
        }
    }

    private let profiles: [String: Profile]
    private let instance: String
    private let limits: AlertGroups.Limits

    /// - Parameter profiles: by the receivers' names. Those that are not among them get the plain words: another replica
    ///   may know them.
    package init(profiles: [String: Profile], instance: String, limits: AlertGroups.Limits = AlertGroups.Limits()) {
        self.profiles = profiles
        self.instance = instance
        self.limits = limits
    }

    /// The groups that a plan for these notices depends on.
    package static func keys(_ notices: [ClaimedNotice]) -> [String] {
        var seen: Set<String> = []
        return notices.compactMap(\.routed).flatMap { routed in
            routed.routes.map { AlertGroups.key(routed.notice, $0) }
        }.filter { seen.insert($0).inserted }
    }

    package func plan(_ notices: [ClaimedNotice], _ shelf: GroupShelf) -> DeliveryPlan {
        var plan = DeliveryPlan()
        var groups = self.groups(shelf)
        for claimed in notices {
            guard let routed = claimed.routed else {
                plan.refused.append(claimed.id)
                continue
            }
            plan.notices.append(claimed.id)
            for route in routed.routes where !route.receivers.isEmpty {
                let actions = groups.handle(.alert(routed.notice, route), at: shelf.now)
                self.add(actions, to: &plan, shelf.now)
            }
        }
        plan.groups = Self.changes(groups, shelf, Self.keys(notices))
        return plan
    }

    /// Tells the groups on the shelf whose time has come; when everything stops, all that have something to tell.
    package func plan(due shelf: GroupShelf, stopping: Bool = false) -> DeliveryPlan {
        var plan = DeliveryPlan()
        var groups = self.groups(shelf)
        self.add(groups.handle(stopping ? .stop : .tick, at: shelf.now), to: &plan, shelf.now)
        plan.groups = Self.changes(groups, shelf, shelf.groups.keys.sorted())
        return plan
    }

    /// The message by which a person finds out whether a receiver works.
    package func test(_ notice: AlertNotice, to receiver: String) -> AlertNotification {
        var notification = AlertNotification(
            deliveryID: "test_" + SHA256Text.hex(of: "\(notice.alert.id) \(receiver)").prefix(32),
            receiver: receiver,
            notice: notice,
            reason: .test,
            instance: self.instance
        )
        if let templates = self.profiles[receiver]?.templates {
            notification.message = templates.message(for: notification.group, receiver: receiver)
        }
        return notification
    }

    /// A group that cannot be read begins anew: the alerts that it has told stay told.
    private func groups(_ shelf: GroupShelf) -> AlertGroups {
        var groups = AlertGroups(limits: self.limits, elsewhere: max(0, shelf.count - shelf.groups.count))
        for (_, kept) in shelf.groups { try? groups.restore(kept.record) }
        return groups
    }

    private static func changes(
        _ groups: AlertGroups,
        _ shelf: GroupShelf,
        _ keys: [String]
    ) -> [DeliveryPlan.GroupChange] {
        keys.compactMap { key in
            let kept = shelf.groups[key]
            let record = groups.record(of: key)
            // What was nothing and is nothing needs no step of its own.
            guard kept != nil || record != nil else { return nil }
            return DeliveryPlan.GroupChange(
                key: key,
                version: kept?.version ?? 0,
                record: record,
                due: groups.due(of: key)
            )
        }
    }

    private func add(_ actions: [AlertGroups.Action], to plan: inout DeliveryPlan, _ now: Timestamp) {
        for case .deliver(let group) in actions {
            for receiver in group.receivers {
                let profile = self.profiles[receiver]
                if group.status == .resolved, profile?.sendsResolved == false { continue }
                let notification = AlertNotification(
                    deliveryID: DeliveryID.make(group, receiver: receiver, toldAt: now),
                    receiver: receiver,
                    group: group,
                    message: profile?.templates.message(for: group, receiver: receiver),
                    createdAt: now,
                    instance: self.instance
                )
                let tenants = Set(group.notices.map(\.alert.tenant))
                plan.deliveries.append(
                    DeliveryPlan.Delivery(
                        notification: notification,
                        kind: profile?.kind ?? .log,
                        tenant: tenants.count == 1 ? tenants.first ?? "" : ""
                    )
                )
            }
        }
    }
}
