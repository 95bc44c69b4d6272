package import Logging

/// One logger's side of the log: its own metadata and level. Everything else is shared in `LogOutput`.
package struct ReactorLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let output: LogOutput
    private let isLimited: Bool
    private var ownLevel: Logger.Level?

    init(output: LogOutput, isLimited: Bool, metadataProvider: Logger.MetadataProvider?) {
        self.output = output
        self.isLimited = isLimited
        self.metadataProvider = metadataProvider
    }

    /// This logger's level; as long as none was set, that of the whole log, which may change.
    package var logLevel: Logger.Level {
        get { self.ownLevel ?? self.output.level }
        set { self.ownLevel = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var metadata = self.metadata
        if let provided = self.metadataProvider?.get() { metadata.merge(provided) { _, provided in provided } }
        if let given = event.metadata {
            if metadata.isEmpty {
                metadata = given
            } else {
                metadata.merge(given) { _, given in given }
            }
        }
        self.output.write(event, metadata: metadata, isLimited: self.isLimited)
    }
}
