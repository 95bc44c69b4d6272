/// How the tables came to be what they are: steps that are never changed once they were released, only added to.
enum HistoryMigrations {
    /// What a database is called on by its own words.
    enum Dialect: Sendable {
        case sqlite
        case postgres
    }

    static var newest: Int { self.steps.count }

    /// The statements that lead from the version before to this one.
    /// - Parameter version: 1...newest.
    static func statements(to version: Int, _ dialect: Dialect) -> [String] {
        // Texts are compared byte by byte everywhere, whatever the language of the database.
        let text = dialect == .sqlite ? "TEXT" : "TEXT COLLATE \"C\""
        let end = dialect == .sqlite ? ") WITHOUT ROWID" : ")"
        return self.steps[version - 1].map { statement in
            statement.split(separator: "\n").joined(separator: " ")
                .split(separator: "{text}", omittingEmptySubsequences: false).joined(separator: text)
                .split(separator: "{end}", omittingEmptySubsequences: false).joined(separator: end)
        }
    }

    /// `{text}` is the type of texts, `{end}` closes a table that is kept in the order of its key.
    private static let steps = [Self.runs, Self.signals, Self.indexes, Self.deliveries]

    private static let head = """
        run_id {text} NOT NULL, id {text} NOT NULL, tenant {text} NOT NULL, at BIGINT NOT NULL
        """
    private static let foot = "PRIMARY KEY (run_id, id){end}"

    /// Version 1: runs, and what is expected, done, found and decided about them.
    private static let runs = [
        """
        CREATE TABLE runs (\(head), revision BIGINT NOT NULL, status {text} NOT NULL, agent {text}, outcome {text},
        ended_at BIGINT, deadline_at BIGINT, details {text}, \(foot)
        """,
        """
        CREATE TABLE run_events (\(head), type {text} NOT NULL, source {text} NOT NULL, arrived_at BIGINT NOT NULL,
        event_id {text}, details {text}, \(foot)
        """,
        """
        CREATE TABLE expectations (\(head), domain {text} NOT NULL, action {text} NOT NULL, deadline_at BIGINT,
        origin {text} NOT NULL, \(foot)
        """,
        """
        CREATE TABLE acknowledgements (\(head), domain {text} NOT NULL, action {text} NOT NULL, status {text} NOT NULL,
        result_id {text}, error {text}, \(foot)
        """,
        """
        CREATE TABLE findings (\(head), kind {text} NOT NULL, domain {text} NOT NULL, action {text} NOT NULL,
        severity {text} NOT NULL, occurrences BIGINT NOT NULL, doubt {text}, deadline_ms BIGINT, elapsed_ms BIGINT,
        error {text}, \(foot)
        """,
        """
        CREATE TABLE alerts (\(head), type {text} NOT NULL, severity {text} NOT NULL, domain {text} NOT NULL,
        alert_key {text} NOT NULL, summary {text} NOT NULL, handler {text} NOT NULL, details {text}, event {text},
        \(foot)
        """,
        """
        CREATE TABLE receipts (\(head), alert_id {text} NOT NULL, verdict {text} NOT NULL, reason {text} NOT NULL,
        type {text} NOT NULL, severity {text} NOT NULL, domain {text} NOT NULL, alert_key {text} NOT NULL,
        summary {text} NOT NULL, fingerprint {text} NOT NULL, window_us BIGINT, counted BIGINT NOT NULL,
        tenant_limit BIGINT NOT NULL, next_allowed_at BIGINT, remaining BIGINT, held_back_by {text},
        is_repetition BIGINT NOT NULL, handler {text} NOT NULL, config_version {text} NOT NULL,
        instance {text} NOT NULL, cursor {text} NOT NULL, place BIGINT, event {text}, \(foot)
        """,
    ]

    /// Version 2: what belongs to no run.
    private static let signals = [
        """
        CREATE TABLE threshold_signals (\(head), rule {text} NOT NULL, subject {text} NOT NULL, tier {text} NOT NULL,
        has_recovered BIGINT NOT NULL, value DOUBLE PRECISION NOT NULL, limit_value DOUBLE PRECISION NOT NULL,
        details {text}, \(foot)
        """,
        """
        CREATE TABLE heartbeat_flips (\(head), worker {text} NOT NULL, from_state {text} NOT NULL,
        to_state {text} NOT NULL, reason {text}, \(foot)
        """,
        """
        CREATE TABLE quarantine (\(head), channel {text} NOT NULL, reason {text} NOT NULL, byte_count BIGINT NOT NULL,
        excerpt {text} NOT NULL, \(foot)
        """,
    ]

    /// Version 3: the orders in which rows are asked for and removed.
    private static let indexes =
        [
            "runs", "run_events", "expectations", "acknowledgements", "findings", "alerts", "receipts",
            "threshold_signals", "heartbeat_flips", "quarantine",
        ].map { "CREATE INDEX \($0)_by_time ON \($0) (at)" } + [
            "CREATE INDEX runs_by_tenant ON runs (tenant, at)",
            "CREATE INDEX runs_open ON runs (at) WHERE ended_at IS NULL",
            "CREATE INDEX runs_by_status ON runs (status, at)",
            "CREATE INDEX receipts_by_place ON receipts (place)",
            "CREATE INDEX receipts_by_alert ON receipts (alert_id)",
        ]

    /// Version 4: what became of messages.
    private static let deliveries = [
        """
        CREATE TABLE deliveries (\(head), alert_id {text} NOT NULL, delivery_id {text} NOT NULL,
        receiver {text} NOT NULL, kind {text} NOT NULL, outcome {text} NOT NULL, attempt BIGINT NOT NULL,
        reason {text}, title {text} NOT NULL, created_at BIGINT NOT NULL, instance {text} NOT NULL, \(foot)
        """,
        "CREATE INDEX deliveries_by_time ON deliveries (at)",
        "CREATE INDEX deliveries_by_alert ON deliveries (alert_id)",
    ]
}
