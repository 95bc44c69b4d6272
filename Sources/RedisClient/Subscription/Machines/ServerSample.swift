/// What a server's `INFO` says that bears on blind windows.
struct ServerSample: Equatable, Sendable {
    /// Differs after every start of the server.
    var runID: [UInt8] = []

    /// How often `PUBLISH` was executed since the start or since `CONFIG RESETSTAT`.
    var publishCalls: UInt64 = 0

    /// How often a client was killed by command.
    var killCalls: UInt64 = 0

    /// Clients cut at their output-buffer limit; servers before 7.4 do not count that.
    var outputBufferCuts: UInt64?

    /// Bytes that the server has read from all its clients.
    var inputBytes: UInt64 = 0

    /// Reads the text that `INFO all` returns. What is not in it stays at zero: `INFO` lists a command only after its
    /// first call.
    ///
    /// - Returns: nil when it has no run id, so that it is no such text.
    init?(info: [UInt8]) {
        for line in info.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            self.read(key: line[..<colon], value: line[line.index(after: colon)...])
        }
        guard !self.runID.isEmpty else { return nil }
    }

    init() {}

    /// Whether the counters cannot be compared with an earlier reading's: the server was restarted, or its statistics
    /// were reset, so that one that only grows has become smaller.
    func beganAnew(since earlier: ServerSample) -> Bool {
        self.runID != earlier.runID || self.publishCalls < earlier.publishCalls
            || self.inputBytes < earlier.inputBytes || self.killCalls < earlier.killCalls
    }

    private mutating func read(key: ArraySlice<UInt8>, value: ArraySlice<UInt8>) {
        switch String(decoding: key, as: UTF8.self) {
        case "run_id": self.runID = Array(value)
        case "cmdstat_publish": self.publishCalls = Self.calls(value)
        case "cmdstat_client|kill": self.killCalls = Self.calls(value)
        case "client_output_buffer_limit_disconnections": self.outputBufferCuts = Self.number(value)
        case "total_net_input_bytes": self.inputBytes = Self.number(value)
        default: break
        }
    }

    /// `calls=12,usec=...`
    private static func calls(_ value: ArraySlice<UInt8>) -> UInt64 {
        let name = Array("calls=".utf8)
        guard value.starts(with: name) else { return 0 }
        return Self.number(value.dropFirst(name.count))
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64 {
        var number: UInt64 = 0
        for digit in digits {
            guard digit >= 0x30, digit <= 0x39 else { break }
            number = number &* 10 &+ UInt64(digit - 0x30)
        }
        return number
    }
}
