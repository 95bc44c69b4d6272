import Delivery
import EventPatterns
import Events
import Reactions
import Synchronization

enum Sample {
    static let now = Timestamp(seconds: 1_795_221_600)

    static func notice(
        _ id: String = "a1",
        severity: Severity = .high,
        run: String = "r1",
        status: AlertStatus = .firing
    ) -> AlertNotice {
        let alert = Alert(
            id: id,
            type: "STALE_RUN",
            severity: severity,
            domain: "incidents",
            tenant: "t1",
            runID: run,
            key: "stale:\(run)",
            summary: "Run \(run) has not finished",
            details: ["cost": .number("25.10")],
            handler: "stale-runs",
            event: nil,
            raisedAt: Self.now
        )
        let end = status == .resolved ? Self.now + .seconds(5) : nil
        return AlertNotice(alert, receipt: nil, status: status, endsAt: end, lasts: true, wasTold: true)
    }

    static func notification(_ notices: [AlertNotice] = [Sample.notice()]) -> AlertNotification {
        let group = AlertGroup(
            key: "{}:{domain=\"incidents\"}",
            routeID: "{}",
            receivers: ["ops"],
            labels: AlertLabels(["domain": "incidents"]),
            notices: notices,
            reason: .first,
            newAlerts: notices.map(\.alert.id)
        )
        return AlertNotification(
            deliveryID: "dlv_1",
            receiver: "ops",
            group: group,
            createdAt: Self.now,
            instance: "reactor-1"
        )
    }

    static func settings(_ limit: Duration = .seconds(30)) -> HTTPSender.Settings {
        var settings = HTTPSender.Settings()
        settings.totalTimeout = limit
        return settings
    }

    static func target(
        _ url: String,
        sender: HTTPSender = HTTPSender(settings: Sample.settings()),
        authorization: Secret? = nil
    ) throws -> HTTPTarget {
        try HTTPTarget(
            url: Secret(url),
            policy: TargetPolicy(allowPrivate: true),
            sender: sender,
            authorization: authorization
        )
    }
}

extension AttemptOutcome {
    /// The reason when it may work later.
    var retryReason: String? {
        guard case .retry(let reason, _, _) = self else { return nil }
        return reason
    }
}

/// Names and their addresses, told by a test; each question takes the next of the answers.
final class FakeResolver: HostResolver {
    private let answers: Mutex<[[String]]>
    private let count = Mutex(0)

    init(_ answers: [[String]]) { self.answers = Mutex(answers) }

    var questions: Int { self.count.withLock { $0 } }

    func addresses(of name: String) async throws -> [IPAddress] {
        self.count.withLock { $0 += 1 }
        let answer = self.answers.withLock { $0.count > 1 ? $0.removeFirst() : $0.first ?? [] }
        return answer.compactMap { IPAddress($0) }
    }
}
