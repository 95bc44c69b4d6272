extension RedisServerAddress {
    /// The unix socket of the server that was last started on a data folder, for programs beside the one that runs it.
    ///
    /// - Returns: Nil when no server was ever started there.
    package static func socket(ofDataFolder path: String) -> String? {
        guard let text = contents(ofFile: path + "/redis.conf") else { return nil }
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 1)
            guard words.first == "unixsocket", let value = words.last else { continue }
            return value.trimmingPrefix("\"").hasSuffix("\"") ? String(value.dropFirst().dropLast()) : String(value)
        }
        return nil
    }
}
