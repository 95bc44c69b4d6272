/// The tables of history, the same in every database. The raw values stand in spilled rows and never change.
enum HistoryTable: UInt8, Sendable, CaseIterable {
    case runs = 1
    case events = 2
    case expectations = 3
    case acknowledgements = 4
    case findings = 5
    case alerts = 6
    case receipts = 7
    case thresholds = 8
    case heartbeats = 9
    case quarantine = 10
    case deliveries = 11

    var name: String {
        switch self {
        case .runs: "runs"
        case .events: "run_events"
        case .expectations: "expectations"
        case .acknowledgements: "acknowledgements"
        case .findings: "findings"
        case .alerts: "alerts"
        case .receipts: "receipts"
        case .thresholds: "threshold_signals"
        case .heartbeats: "heartbeat_flips"
        case .quarantine: "quarantine"
        case .deliveries: "deliveries"
        }
    }

    /// All columns, in the order of a row's cells. New ones come last, so that rows spilled by an older version can still
    /// be written.
    var columns: [HistoryColumn] { Self.common + self.own }

    /// What every table begins with; the first two are its key.
    private static let common: [HistoryColumn] = [.text("run_id"), .text("id"), .text("tenant"), .integer("at")]

    private var own: [HistoryColumn] {
        switch self {
        case .runs:
            [
                .integer("revision"), .text("status"), .text("agent"), .text("outcome"), .integer("ended_at"),
                .integer("deadline_at"), .text("details"),
            ]
        case .events:
            [.text("type"), .text("source"), .integer("arrived_at"), .text("event_id"), .text("details")]
        case .expectations:
            [.text("domain"), .text("action"), .integer("deadline_at"), .text("origin")]
        case .acknowledgements:
            [.text("domain"), .text("action"), .text("status"), .text("result_id"), .text("error")]
        case .findings:
            [
                .text("kind"), .text("domain"), .text("action"), .text("severity"), .integer("occurrences"),
                .text("doubt"), .integer("deadline_ms"), .integer("elapsed_ms"), .text("error"),
            ]
        case .alerts:
            [
                .text("type"), .text("severity"), .text("domain"), .text("alert_key"), .text("summary"),
                .text("handler"), .text("details"), .text("event"),
            ]
        case .receipts:
            [
                .text("alert_id"), .text("verdict"), .text("reason"), .text("type"), .text("severity"),
                .text("domain"), .text("alert_key"), .text("summary"), .text("fingerprint"), .integer("window_us"),
                .integer("counted"), .integer("tenant_limit"), .integer("next_allowed_at"), .integer("remaining"),
                .text("held_back_by"), .integer("is_repetition"), .text("handler"), .text("config_version"),
                .text("instance"), .text("cursor"), .integer("place"), .text("event"),
            ]
        case .thresholds:
            [
                .text("rule"), .text("subject"), .text("tier"), .integer("has_recovered"), .real("value"),
                .real("limit_value"), .text("details"),
            ]
        case .heartbeats:
            [.text("worker"), .text("from_state"), .text("to_state"), .text("reason")]
        case .quarantine:
            [.text("channel"), .text("reason"), .integer("byte_count"), .text("excerpt")]
        case .deliveries:
            [
                .text("alert_id"), .text("delivery_id"), .text("receiver"), .text("kind"), .text("outcome"),
                .integer("attempt"), .text("reason"), .text("title"), .integer("created_at"), .text("instance"),
            ]
        }
    }

    /// Which rows may be removed for their age: a run that has not ended is kept, however old.
    var removable: String? { self == .runs ? "ended_at IS NOT NULL" : nil }
}

/// A column and what it holds.
struct HistoryColumn: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case text
        case integer
        case real
    }

    let name: String
    let kind: Kind

    static func text(_ name: String) -> HistoryColumn { HistoryColumn(name: name, kind: .text) }
    static func integer(_ name: String) -> HistoryColumn { HistoryColumn(name: name, kind: .integer) }
    static func real(_ name: String) -> HistoryColumn { HistoryColumn(name: name, kind: .real) }
}
