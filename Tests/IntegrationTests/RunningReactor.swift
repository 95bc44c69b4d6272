import AsyncHTTPClient
import Events
import FoundationEssentials
import Glibc
import NIOCore
import NIOHTTP1
import ReactorTestKit
import RedisServer
import Testing

/// The program that was built beside these tests.
enum BuiltProgram {
    static let path: String = {
        // The test runner lies in the folder of the products.
        let arguments = CommandLine.arguments
        let bundle = arguments.first { $0.hasSuffix(".xctest") } ?? arguments[0]
        return bundle.deletingLastComponent + "/aos-reactor"
    }()
}

extension String {
    fileprivate var deletingLastComponent: String { String(self[..<(self.lastIndex(of: "/") ?? self.startIndex)]) }
}

/// A reactor that runs as its own process, and what can be asked of it.
struct RunningReactor {
    let program: TestProgram
    let folder: String
    /// The name of its admin socket in that folder.
    var socket = "admin.sock"

    /// Where its admin interface listens, as the flag `--url` takes it.
    var adminAddress: String { "unix:\(self.folder)/\(self.socket)" }

    /// The file with its handlers; what is written there takes force with SIGHUP.
    var handlersFile: String { self.folder + "/handlers/test.yaml" }

    private var base: String {
        "http+unix://"
            + (self.folder + "/" + self.socket).split(separator: "/", omittingEmptySubsequences: false)
            .joined(separator: "%2F")
    }

    /// Asks, and asks again where there was no time for an answer: how busy the machine is, is not what these tests ask.
    func get(_ path: String, token: String? = nil) async throws -> (status: UInt, body: String) {
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: .seconds(60))
        while true {
            let answer = try await self.getOnce(path, token: token)
            let isLate = answer.status == 503 && answer.body.contains("did not answer within")
            guard isLate, clock.now < deadline else { return answer }
            try await clock.sleep(for: .milliseconds(20))
        }
    }

    private func getOnce(_ path: String, token: String?) async throws -> (status: UInt, body: String) {
        var request = HTTPClientRequest(url: self.base + path)
        if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        let response = try await HTTPClient.shared.execute(request, deadline: .now() + .seconds(60))
        let body = try await response.body.collect(upTo: 64 << 20)
        return (response.status.code, String(buffer: body))
    }

    func post(_ path: String, _ body: String) async throws -> (status: UInt, body: String) {
        var request = HTTPClientRequest(url: self.base + path)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(string: body))
        let response = try await HTTPClient.shared.execute(request, deadline: .now() + .seconds(60))
        return (response.status.code, String(buffer: try await response.body.collect(upTo: 1 << 20)))
    }

    func json(_ path: String) async throws -> JSONValue {
        try JSONValue.parse(try await self.get(path).body)
    }

    /// The value of a metric without labels, or the sum over all its labels.
    func metric(_ name: String) async throws -> Double {
        let answer = try await self.get("/metrics")
        // A refusal holds no metrics, which would pass for 0.
        try #require(answer.status == 200)
        return Self.sum(of: name, in: answer.body)
    }

    static func sum(of name: String, in text: String) -> Double {
        text.split(separator: "\n").filter { $0.hasPrefix(name + " ") || $0.hasPrefix(name + "{") }
            .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }
            .reduce(0, +)
    }

    var isReady: Bool {
        get async { (try? await self.get("/readyz").status) == 200 }
    }

    func received() async -> Int {
        (try? await self.json("/v1/status")["events"]?["received"]?.intValue) ?? -1
    }
}

/// Runs the built program on a Redis server with handlers of the test's own; returns when it has ended.
func withRunningReactor<Result: Sendable>(
    redis url: String,
    handlers: String,
    config: String = "",
    arguments: [String] = [],
    environment: [String: String] = [:],
    _ body: (RunningReactor) async throws -> Result
) async throws -> Result {
    try await withTemporaryFolder { folder in
        try FileManager.default.createDirectory(atPath: folder + "/handlers", withIntermediateDirectories: true)
        try Data(handlers.utf8).write(to: URL(filePath: folder + "/handlers/test.yaml"))
        try Data("version: 1\nembedded: { demo: false }\n\(config)".utf8).write(
            to: URL(filePath: folder + "/reactor.yaml")
        )
        let command = [
            BuiltProgram.path, "run", "--config", folder + "/reactor.yaml", "--handlers", folder + "/handlers",
            "--listen", "unix:\(folder)/admin.sock",
        ]
        var variables = environment
        variables["REDIS_URL"] = url
        if !config.contains("history:"), variables["REACTOR_HISTORY_URL"] == nil {
            variables["REACTOR_HISTORY_URL"] = "sqlite:\(folder)/history.db"
        }
        if variables["REACTOR_HISTORY_SPILL_DIR"] == nil { variables["REACTOR_HISTORY_SPILL_DIR"] = folder + "/spill" }
        return try await withTestProgram(command + arguments, environment: variables) { program in
            try await body(RunningReactor(program: program, folder: folder))
        }
    }
}
