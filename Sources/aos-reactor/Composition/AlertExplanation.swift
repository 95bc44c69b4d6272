import AdminAPI
import ArgumentParser
import Reactions

/// What a person wants to know about a run or an alert: what came, what was decided by which number, who got it when.
struct AlertExplanation {
    let admin: AdminOptions
    /// Alerts of a run that are told, at most.
    let limit: Int
    let json: Bool

    /// Ends the program with 1 when nothing is known of it.
    func show(_ subject: String) async throws {
        let ofRun = try await self.admin.ask(
            AdminRoute.alerts.path,
            query: [("run_id", subject), ("limit", "\(self.limit)")],
            as: AlertsResponse.self
        ).value
        var details: [AlertResponse] = []
        if ofRun.alerts.isEmpty {
            if let one = try await self.admin.find(AdminRoute.alert.path(subject), as: AlertResponse.self) {
                details = [one.value]
            }
        } else {
            for alert in ofRun.alerts { details.append(try await self.detail(of: alert)) }
        }
        let run = try await self.run(subject, details)
        guard !details.isEmpty || run != nil else {
            Terminal.standardError.print("no alert of a run `\(subject)` and none of that id was decided lately")
            throw ExitCode.findings
        }
        if self.json {
            let report = Report(subject: subject, run: run, alerts: details, next: ofRun.next)
            Terminal.standardOutput.write(Array(try AdminJSON.encode(report)) + [UInt8(ascii: "\n")])
        } else {
            let text = Self.text(subject, isRun: !ofRun.alerts.isEmpty || details.isEmpty, details)
            Terminal.standardOutput.print((Self.contract(run) + [text]).joined(separator: "\n"))
            if ofRun.next != nil { Terminal.standardError.print("there are older ones: --limit \(self.limit * 2)") }
        }
    }

    /// What history knows of the run that is meant, or that the alert speaks of; nil when that is nothing.
    private func run(_ subject: String, _ details: [AlertResponse]) async throws -> RunResponse? {
        let id = details.first.map { $0.alert.id == subject ? $0.alert.runID : subject } ?? subject
        return try await self.admin.findQuietly(AdminRoute.run.path(id), as: RunResponse.self)
    }

    /// How the run's contract stands.
    private static func contract(_ run: RunResponse?) -> [String] {
        guard let run, run.run != nil else { return [] }
        let text = RunText(run)
        return [text.head] + text.contract
    }

    /// What `--json` prints.
    private struct Report: Encodable {
        let subject: String
        let run: RunResponse?
        let alerts: [AlertResponse]
        let next: String?
    }

    /// Only what went out was told to anybody.
    private func detail(of alert: AlertsResponse.Alert) async throws -> AlertResponse {
        guard alert.receipt.verdict.isSent,
            let detail = try await self.admin.find(AdminRoute.alert.path(alert.id), as: AlertResponse.self)
        else { return AlertResponse(alert: alert, deliveries: nil) }
        // Its newest receipt may be about its end.
        return AlertResponse(alert: alert, deliveries: detail.value.deliveries)
    }

    // MARK: Words

    private static func text(_ subject: String, isRun: Bool, _ details: [AlertResponse]) -> String {
        var lines: [String] = []
        if isRun {
            let sent = details.count { $0.alert.receipt.verdict.isSent }
            let count = details.count == 1 ? "1 alert" : "\(details.count) alerts"
            lines.append("run \(subject.oneLine(128)): \(count), \(sent) sent, \(details.count - sent) held back")
        }
        for detail in details { lines += ["", Self.head(detail.alert)] + Self.body(detail) }
        return lines.drop { $0.isEmpty }.joined(separator: "\n")
    }

    private static func head(_ alert: AlertsResponse.Alert) -> String {
        "\(ShownTime.short(alert.receipt.decidedAt))  \(alert.severity.rawValue) \(alert.type.oneLine(64)): "
            + alert.summary.oneLine(120)
    }

    private static func body(_ detail: AlertResponse) -> [String] {
        let alert = detail.alert
        let receipt = alert.receipt
        var lines: [String] = []
        func add(_ title: String, _ text: String) {
            lines.append("  " + title + String(repeating: " ", count: max(1, 10 - title.count)) + text)
        }
        if let event = alert.event {
            let id = event.eventID.map { ", its id is \($0.oneLine(64))" } ?? ""
            add(
                "came",
                "\(event.eventType.oneLine(64)) from \(event.source.oneLine(64)) at \(ShownTime.clock(event.arrivedAt))\(id)"
            )
        } else {
            add("came", "from the reactor itself")
        }
        add(
            "raised",
            "by handler \(alert.handler.oneLine(64)): \(alert.domain.oneLine(64)), key \(alert.key.oneLine(96))"
        )
        let verdict = receipt.verdict
        add(
            "decided",
            verdict.isSent
                ? "\(verdict.rawValue): \(receipt.reason)" : "held back, \(verdict.rawValue): \(receipt.reason)"
        )
        if let before = receipt.heldBackBy { add("", "in its way is alert \(before.oneLine(64))") }
        if let next = receipt.nextAllowedAt { add("", "the same alert may go out from \(ShownTime.short(next)) on") }
        if let left = receipt.remainingInWindow, verdict.isSent {
            add("", "before it, \(left) of \(receipt.limit) of the tenant were left in this hour")
        }
        add(
            "",
            "by \(receipt.instance.oneLine(64)), configuration \(receipt.configVersion), alert \(alert.id.oneLine(64))"
        )
        lines += Self.told(detail)
        return lines
    }

    private static func told(_ detail: AlertResponse) -> [String] {
        guard detail.alert.receipt.verdict.isSent, let deliveries = detail.deliveries else { return [] }
        guard !deliveries.isEmpty else { return ["  told      nobody yet"] }
        return deliveries.enumerated().flatMap { index, delivery in
            let title = index == 0 ? "  told      " : "            "
            let fate = title + "\(delivery.receiver) (\(delivery.kind)): " + Self.fate(delivery) + ", \(delivery.id)"
            return [fate] + Self.attempts(delivery)
        }
    }

    /// What the attempts came to, when there was more than one. They count from 1 again when somebody sends a dead letter.
    private static func attempts(_ delivery: DeliveriesResponse.Delivery) -> [String] {
        guard delivery.ended.count > 1 else { return [] }
        let indent = String(repeating: " ", count: 14)
        return delivery.ended.enumerated().flatMap { index, attempt in
            let reason = attempt.reason.map { ": \($0.oneLine(120))" } ?? ""
            let line =
                indent + "\(ShownTime.clock(attempt.at)) attempt \(attempt.number) by "
                + "\(attempt.instance.oneLine(64)): \(attempt.outcome)\(reason)"
            return index > 0 && attempt.number == 1 ? [indent + "sent again by hand", line] : [line]
        }
    }

    private static func fate(_ delivery: DeliveriesResponse.Delivery) -> String {
        let attempts = delivery.attempts == 1 ? "1 attempt" : "\(delivery.attempts) attempts"
        let reason = delivery.lastReason.map { ", \($0.oneLine(120))" } ?? ""
        return switch delivery.status {
        case "delivered": "delivered at \(ShownTime.clock(delivery.updatedAt)), \(attempts)"
        case "dead": "given up at \(ShownTime.clock(delivery.updatedAt)) after \(attempts)\(reason)"
        case "retrying":
            "\(attempts) in vain\(reason); again at \(delivery.nextAttemptAt.map(ShownTime.clock) ?? "any moment")"
        case "sending": "being sent"
        default: "waiting to be sent"
        }
    }
}
