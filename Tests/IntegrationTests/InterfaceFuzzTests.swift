import Events
import FoundationEssentials
import Glibc
import ReactorTestKit
import RedisServer
import Testing

/// The admin interface of the built program, asked what its own document allows and what it does not.
@Suite(.timeLimit(.minutes(15))) struct InterfaceFuzzTests {
    /// Where `scripts/setup --tests` puts schemathesis.
    private static let program: String? = {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let path = root + "/.build/schemathesis/bin/schemathesis"
        return access(path, X_OK) == 0 ? path : nil
    }()

    /// A port that nobody listens on at the moment.
    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 && getsockname(descriptor, address, &length) == 0
            }
        }
        try #require(bound)
        return Int(UInt16(bigEndian: address.sin_port))
    }

    @Test(
        .enabled(
            if: Self.program != nil,
            "schemathesis is not installed: scripts/setup --tests installs it, where pip can reach a registry"
        )
    )
    func `no request makes it fail, and every answer is as the document says`() async throws {
        let program = try #require(Self.program)
        let port = try Self.freePort()
        try await withRedisServer { server in
            try await withRunningReactor(
                redis: server.url,
                handlers: SampleHandlers.failedRuns,
                arguments: ["--listen", "127.0.0.1:\(port)"]
            ) { reactor in
                await eventually("it listens") { reactor.program.errorOutput.contains("admin interface listens") }
                let events = (1...20).map {
                    #"{"event_type": "run.failed", "payload": {"run_id": "r\#($0)", "tenant_id": "acme"}}"#
                }
                _ = try await server.publish(events, on: "aos.events")
                let checks = [
                    "not_a_server_error", "status_code_conformance", "content_type_conformance",
                    "response_headers_conformance", "response_schema_conformance", "unsupported_method",
                ]
                // Only those operations whose answers end.
                let run = try await withTemporaryFolder { folder in
                    try await finish(
                        try command(
                            [
                                program, "run", "http://127.0.0.1:\(port)/openapi.json", "--checks",
                                checks.joined(separator: ","), "--exclude-path", "/v1/tap", "--phases",
                                "examples,coverage,fuzzing", "--max-examples", "15", "--max-time", "60", "--seed", "1",
                                "--workers", "1",
                                "--generation-database", "none", "--no-color", "--request-timeout", "30", "--warnings",
                                "off", "--suppress-health-check", "all", "--no-shrink",
                            ],
                            in: folder
                        ),
                        within: .seconds(400)
                    )
                }
                figure("schemathesis, seconds", "\(run.elapsed.components.seconds)")
                #expect(run.exitCode == 0, "\(run.everything.suffix(8_000))")
            }
        }
    }
}
