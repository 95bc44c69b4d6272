/// How much a server keeps for a client that does not read, before it cuts the client off.
package struct OutputBufferLimit: Sendable, Equatable {
    /// Bytes at which the client is cut at once; 0 means never.
    package let hard: Int64

    /// Bytes at which the client is cut when it stays above them for `softSeconds`; 0 means never.
    package let soft: Int64
    package let softSeconds: Int64

    package init(hard: Int64, soft: Int64, softSeconds: Int64) {
        self.hard = hard
        self.soft = soft
        self.softSeconds = softSeconds
    }

    /// The limit of a class of clients in the value of `client-output-buffer-limit`:
    /// `normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60`.
    package init?(class name: String, configuration: String) {
        let words = configuration.split(separator: " ")
        guard let start = words.firstIndex(where: { $0 == name }), words.endIndex - start >= 4,
            let hard = Int64(words[start + 1]), let soft = Int64(words[start + 2]),
            let seconds = Int64(words[start + 3])
        else { return nil }
        self.init(hard: hard, soft: soft, softSeconds: seconds)
    }
}
