import Events
import Reactions
import SeededRandom
import Testing

@Suite struct AlertGroupsTests {
    private static func route(
        _ groupBy: GroupBy = .labels(["domain"]),
        wait: Int = 30,
        interval: Int = 300,
        again: Int = 3_600
    ) throws -> RouteMatch {
        let tree = try RoutingTree(
            RouteDefinition(
                receivers: ["ops"],
                groupBy: groupBy,
                groupWait: .seconds(wait),
                groupInterval: .seconds(interval),
                repeatInterval: .seconds(again)
            )
        )
        return try #require(tree.routes(of: AlertLabels()).first)
    }

    private static func notice(
        _ id: String,
        key: String? = nil,
        domain: String = "d",
        lasts: Bool = false
    ) -> AlertNotice {
        AlertNotice(.sample(key ?? id, domain: domain, id: id), receipt: nil, lasts: lasts)
    }

    private static func end(_ key: String, wasTold: Bool = true) -> AlertNotice {
        AlertNotice(
            .sample(key, domain: "d", id: "end-\(key)"),
            receipt: nil,
            status: .resolved,
            endsAt: Timestamp(seconds: 5),
            lasts: true,
            wasTold: wasTold
        )
    }

    /// Drives a machine second by second, and keeps what it tells as `time reason: new alerts`.
    private struct Drive {
        var groups: AlertGroups
        var told: [String] = []
        var delivered: [AlertGroup] = []
        var now = 0

        init(_ limits: AlertGroups.Limits = AlertGroups.Limits()) { self.groups = AlertGroups(limits: limits) }

        mutating func handle(_ input: AlertGroups.Input) {
            for case .deliver(let group) in self.groups.handle(input, at: Timestamp(seconds: Double(self.now))) {
                self.delivered.append(group)
                self.told.append("\(self.now) \(group.reason.rawValue): \(group.newAlerts.joined(separator: " "))")
            }
        }

        /// Sleeps until the machine wants to be woken, again and again.
        mutating func run(to time: Int) {
            while let wake = self.groups.nextWake, wake <= Timestamp(seconds: Double(time)) {
                self.now = max(self.now, Int(wake.seconds))
                self.handle(.tick)
            }
            self.now = time
        }
    }

    @Test func `alerts that are told alone are told at once and leave nothing behind`() throws {
        let route = try Self.route(.eachAlert, wait: 0)
        var drive = Drive()
        for (time, id) in [(0, "a"), (1, "b"), (2, "a")] {
            drive.run(to: time)
            drive.handle(.alert(Self.notice(id), route))
        }
        #expect(drive.told == ["0 first_notification: a", "1 first_notification: b", "2 first_notification: a"])
        #expect(drive.groups.groupCount == 0)
        #expect(drive.groups.nextWake == nil)
    }

    @Test func `a group waits for others, and then for its interval`() throws {
        let route = try Self.route()
        var drive = Drive()
        drive.handle(.alert(Self.notice("a"), route))
        drive.run(to: 29)
        drive.handle(.alert(Self.notice("b"), route))
        #expect(drive.groups.waitingCount == 2)
        drive.run(to: 100)
        drive.handle(.alert(Self.notice("c"), route))
        drive.handle(.alert(Self.notice("x", domain: "other"), route))
        drive.run(to: 1_000)
        #expect(
            drive.told == ["30 first_notification: a b", "130 first_notification: x", "330 new_alerts: c"]
        )
        #expect(drive.delivered[0].labels == AlertLabels(["domain": "d"]))
        #expect(drive.delivered[0].key == drive.delivered[2].key)
        #expect(drive.groups.groupCount == 0)
    }

    @Test func `a quiet group is forgotten, and a new one waits again`() throws {
        let route = try Self.route()
        var drive = Drive()
        drive.handle(.alert(Self.notice("a"), route))
        drive.run(to: 400)
        #expect(drive.groups.groupCount == 0)
        drive.handle(.alert(Self.notice("b"), route))
        drive.run(to: 1_000)
        #expect(drive.told == ["30 first_notification: a", "430 first_notification: b"])
    }

    @Test func `what lasts is told again until it is over`() throws {
        let route = try Self.route()
        var drive = Drive()
        drive.handle(.alert(Self.notice("a", lasts: true), route))
        drive.run(to: 8_000)
        drive.handle(.alert(Self.end("a"), route))
        drive.run(to: 20_000)
        #expect(
            drive.told == [
                "30 first_notification: a", "3630 repeat_interval: ", "7230 repeat_interval: ", "8000 all_resolved: ",
            ]
        )
        let last = try #require(drive.delivered.last)
        #expect(last.status == .resolved)
        #expect(last.notices.map(\.alert.id) == ["a"])
        #expect(last.notices.first?.endsAt == Timestamp(seconds: 5))
        #expect(drive.groups.groupCount == 0)
    }

    @Test func `the end of one of several is told with the others`() throws {
        let route = try Self.route()
        var drive = Drive()
        for id in ["a", "b"] { drive.handle(.alert(Self.notice(id, lasts: true), route)) }
        drive.run(to: 40)
        drive.handle(.alert(Self.end("a"), route))
        drive.run(to: 500)
        #expect(drive.told == ["30 first_notification: a b", "330 some_resolved: "])
        #expect(drive.delivered[1].status == .firing)
        #expect(drive.delivered[1].notices.map(\.status) == [.firing, .resolved])
        #expect(drive.delivered[1].notices.map(\.alert.id) == ["b", "a"])
    }

    @Test func `nobody is told of the end of what they never heard of`() throws {
        let route = try Self.route(wait: 0)
        var drive = Drive()
        drive.handle(.alert(Self.end("a", wasTold: false), route))
        drive.run(to: 1_000)
        #expect(drive.told == [])
        #expect(drive.groups.groupCount == 0)
        // Told by an earlier process of this reactor.
        drive.handle(.alert(Self.end("a", wasTold: true), route))
        #expect(drive.told == ["1000 all_resolved: "])
    }

    @Test func `what was over before it was told is told with its end`() throws {
        let route = try Self.route()
        var drive = Drive()
        drive.handle(.alert(Self.notice("a", lasts: true), route))
        drive.handle(.alert(Self.end("a"), route))
        drive.run(to: 100)
        #expect(drive.told == ["30 all_resolved: a"])
    }

    @Test func `an alert that comes again while it waits stands for both`() throws {
        let route = try Self.route()
        var drive = Drive()
        drive.handle(.alert(Self.notice("a1", key: "a"), route))
        drive.handle(.alert(Self.notice("a2", key: "a"), route))
        drive.run(to: 100)
        #expect(drive.told == ["30 first_notification: a1 a2"])
        #expect(drive.delivered[0].notices.map(\.alert.id) == ["a2"])
        #expect(drive.delivered[0].notices[0].standsFor == ["a1"])
    }

    @Test func `a full group does not wait, and one that cannot forget anything tells the rest alone`() throws {
        let route = try Self.route()
        var drive = Drive(AlertGroups.Limits(groups: 10, alerts: 3))
        for id in ["a", "b", "c", "d"] { drive.handle(.alert(Self.notice(id, lasts: true), route)) }
        drive.handle(.alert(Self.end("a"), route))
        #expect(drive.told == ["0 group_full: a b c", "0 group_full: d"])
        #expect(drive.delivered[1].notices.count == 1)
        drive.run(to: 400)
        #expect(drive.told.last == "300 some_resolved: ")
    }

    @Test func `with too many groups an alert is told alone and at once`() throws {
        let route = try Self.route(.labels(["key"]))
        var drive = Drive(AlertGroups.Limits(groups: 2, alerts: 3))
        for id in ["a", "b", "c"] { drive.handle(.alert(Self.notice(id), route)) }
        drive.handle(.alert(Self.end("z", wasTold: false), route))
        #expect(drive.told == ["0 too_many_groups: c"])
        #expect(drive.groups.groupCount == 2)
    }

    @Test func `at the stop everything that waits is told`() throws {
        let route = try Self.route()
        var drive = Drive()
        drive.handle(.alert(Self.notice("a"), route))
        drive.handle(.alert(Self.notice("b", domain: "other"), route))
        drive.handle(.stop)
        #expect(Set(drive.told) == ["0 stopping: a", "0 stopping: b"])
        #expect(drive.groups.waitingCount == 0)
    }

    @Test func `whatever comes, every alert is told exactly once as new, and never too late`() throws {
        for seed in 1...40 {
            var random = SplitMix64(seed: UInt64(seed))
            let routes = [
                try Self.route(.labels(["domain"]), wait: 7, interval: 20, again: 90),
                try Self.route(.eachAlert, wait: 0), try Self.route(.labels([]), wait: 3, interval: 11, again: 50),
            ]
            var drive = Drive(AlertGroups.Limits(groups: 6, alerts: 5))
            var cameAt: [String: Int] = [:]
            for number in 0..<300 {
                drive.run(to: drive.now + Int.random(in: 0...4, using: &random))
                let key = "k\(Int.random(in: 0...9, using: &random))"
                let domain = ["d", "e", "f"].randomElement(using: &random)!
                let route = routes.randomElement(using: &random)!
                if Int.random(in: 0...3, using: &random) == 0 {
                    var end = Self.end(key, wasTold: Bool.random(using: &random))
                    end.labels["domain"] = domain
                    drive.handle(.alert(end, route))
                } else {
                    let lasts = Bool.random(using: &random)
                    cameAt["n\(number)"] = drive.now
                    drive.handle(.alert(Self.notice("n\(number)", key: key, domain: domain, lasts: lasts), route))
                }
                #expect(drive.groups.groupCount <= 6)
            }
            drive.handle(.stop)
            var toldAt: [String: Int] = [:]
            for (line, group) in zip(drive.told, drive.delivered) {
                let time = try #require(Int(line.prefix { $0 != " " }))
                for id in group.newAlerts {
                    #expect(toldAt.updateValue(time, forKey: id) == nil, "\(id) was told twice")
                }
                let carried = Set(group.notices.flatMap { [$0.alert.id] + $0.standsFor })
                #expect(carried.isSuperset(of: group.newAlerts))
                #expect(group.notices.count <= 5)
            }
            #expect(Set(toldAt.keys) == Set(cameAt.keys))
            for (id, time) in toldAt { #expect(time - cameAt[id]! <= 20) }
        }
    }
}
