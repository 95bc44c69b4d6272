package import PostgresClient

/// Where history is kept and how much of it.
package struct HistorySettings: Sendable {
    package enum Location: Sendable {
        /// A file; made when it is missing, its folder is not.
        case sqlite(path: String)
        case postgres(PostgresEndpoint)

        /// What the configuration says: `sqlite:PATH` or `postgres://...`; nil for anything else.
        ///
        /// - Throws: `PostgresError` of code `invalidURL`.
        package init?(_ text: String) throws(PostgresError) {
            if text.hasPrefix("sqlite:"), text.utf8.count > 7 {
                self = .sqlite(path: String(text.dropFirst(7)))
            } else if text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") {
                self = .postgres(try PostgresEndpoint(url: text))
            } else {
                return nil
            }
        }
    }

    /// Which rows go. Nil keeps them for ever.
    package struct Retention: Sendable, Hashable {
        package var age: Duration? = .seconds(30 * 86400)
        /// Bytes of the database, as an estimate; the oldest rows go.
        package var bytes: Int64?
        /// How often it is looked.
        package var interval = Duration.seconds(600)
        /// Rows that are removed in one step; a pause follows, so that writing goes on in between.
        package var step = 500
        package var pause = Duration.milliseconds(10)

        package init() {}
    }

    package var location: Location
    /// Holds rows that the database could not take yet. Of one process alone.
    package var spillFolder: String
    package var spillBytes: Int64 = 1 << 30
    /// Rows in memory. From three quarters of them on, rows go to disk, although the database may still be at work.
    package var bufferedRows = 100_000
    /// Rows of one transaction.
    package var batchRows = 5_000
    /// How long a row waits for others to come with it, and what is known of a run for news that take its place.
    package var linger = Duration.milliseconds(100)
    /// How long PostgreSQL may take for a batch until its connection is given up and the batch written again.
    package var writeLimit = Duration.seconds(5)
    package var readLimit = Duration.seconds(5)
    /// Waits between attempts while the database is away: from the first to the second, doubling.
    package var shortestPause = Duration.milliseconds(50)
    package var longestPause = Duration.seconds(2)
    package var retention = Retention()

    package init(location: Location, spillFolder: String) {
        self.location = location
        self.spillFolder = spillFolder
    }
}
