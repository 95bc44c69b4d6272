/// One line of `CLIENT LIST`: a client as its server sees it.
package struct ConnectedClient: Sendable, Equatable {
    package let id: Int64
    package let name: String

    /// Bytes that wait in the server for this client to read them, beyond its fixed buffer.
    package let outputBytes: Int64

    /// Bytes of memory that the client costs the server; nil before Redis 6.2.
    package let totalBytes: Int64?

    /// Reads a line; nil when it has no id.
    package init?(line: some StringProtocol) {
        var values: [Substring: Substring] = [:]
        for field in Substring(line).split(separator: " ") {
            guard let equals = field.firstIndex(of: "=") else { continue }
            values[field[..<equals]] = field[field.index(after: equals)...]
        }
        guard let id = values["id"].flatMap({ Int64($0) }) else { return nil }
        self.id = id
        self.name = values["name"].map(String.init) ?? ""
        self.outputBytes = values["omem"].flatMap { Int64($0) } ?? 0
        self.totalBytes = values["tot-mem"].flatMap { Int64($0) }
    }

    /// Reads the whole text.
    package static func list(_ text: String) -> [ConnectedClient] {
        text.split(separator: "\n").compactMap { ConnectedClient(line: $0) }
    }
}

extension RedisCommandClient {
    /// What waits at the server for a subscriber, in bytes: how far its reader is behind.
    ///
    /// - Parameters:
    ///   - id: the server's number for the subscribed connection (`CLIENT ID`), if known.
    ///   - name: the connection's name otherwise; of several with the name the fullest counts.
    /// - Returns: nil when the server knows no such subscriber.
    /// - Throws: `RedisError` (`noPermission` where CLIENT LIST is forbidden).
    package func subscriberBacklog(id: Int64?, name: String) async throws(RedisError) -> Int64? {
        let reply = try await self.send(RedisCommand("CLIENT", "LIST", "TYPE", "pubsub"))
        guard let text = reply.text else {
            throw RedisError(.unexpectedReply, "the server did not answer CLIENT LIST with a text")
        }
        return ConnectedClient.list(text)
            .filter { client in id.map { client.id == $0 } ?? (client.name == name) }
            .map(\.outputBytes)
            .max()
    }
}
