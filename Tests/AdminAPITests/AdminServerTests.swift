import Glibc
import Logging
import NIOPosix
import Reactions
import ReactorRuntime
import ServiceLifecycle
import Telemetry
import Testing

@testable import AdminAPI

/// Runs a server over a fake reactor as long as `body` runs, then shuts it down gracefully and waits for its end.
func withServer<Value: Sendable>(
    _ address: BoundAddress = .tcp(host: "127.0.0.1", port: 0),
    of reactor: FakeReactor = FakeReactor(),
    change: (inout AdminSettings) -> Void = { _ in },
    body: @Sendable (BoundAddress) async throws -> Value
) async throws -> Value {
    var settings = AdminSettings(address: address, version: "1.2.3")
    change(&settings)
    let (listening, started) = AsyncStream<BoundAddress>.makeStream()
    let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let server = AdminServer(
        inspector: reactor,
        settings: settings,
        registry: MetricsRegistry(),
        group: MultiThreadedEventLoopGroup.singleton,
        logger: quiet,
        onListening: { started.yield($0) }
    )
    let group = ServiceGroup(configuration: .init(services: [.init(service: server)], logger: quiet))
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask {
            defer { started.finish() }
            try await group.run()
        }
        guard let bound = await listening.first(where: { _ in true }) else {
            try await tasks.waitForAll()
            throw CancellationError()
        }
        let value = try await body(bound)
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
        return value
    }
}

/// Makes a directory that only this user can enter, and removes it with what the test put there.
func withDirectory<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    var template = Array("/tmp/aos-admin-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer {
        for name in ["admin.sock", "file", "new/admin.sock"] { unlink("\(path)/\(name)") }
        rmdir("\(path)/new")
        rmdir(path)
    }
    return try await body(path)
}

@Suite(.timeLimit(.minutes(10))) struct AdminServerTests {
    @Test func `it listens on a port that the kernel chose, and tells which`() async throws {
        try await withServer { address in
            guard case .tcp(host: "127.0.0.1", let port) = address else {
                Issue.record("\(address)")
                return
            }
            #expect(port > 0)
            let answer = try #require(await RawClient.get("/healthz", of: address))
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.hasSuffix("}"))
        }
    }

    @Test func `a taken port is an error that says so`() async throws {
        try await withServer { address in
            let error = try #require(await self.failure(on: address))
            #expect(error.code == .addressInUse)
            #expect(
                error.message
                    == "\(address) is already in use: stop the program that listens there or choose another --listen"
            )
        }
    }

    @Test func `an address of another machine is an error that says so`() async throws {
        let error = try #require(
            await self.failure(on: .tcp(host: "192.0.2.1", port: 0)) { $0.token = Secret("0123456789abcdef") }
        )
        #expect(error.code == .addressNotAvailable)
    }

    @Test(arguments: ["0.0.0.0", "::", "192.0.2.1", "example.com"])
    func `an address that others can reach is refused unless allowed`(host: String) async throws {
        let error = try #require(await self.failure(on: .tcp(host: host, port: 9_464)))
        #expect(error.code == .notLocal)
    }

    @Test func `a request in the name of another site gets no answer`() async throws {
        try await withServer { address in
            let rebound = try #require(await RawClient.get("/v1/status", of: address, head: "Host: evil.example\r\n"))
            #expect(rebound.hasPrefix("HTTP/1.1 421 "))
            #expect(rebound.contains("application/problem+json"))
            let none = try #require(await RawClient.get("/v1/status", of: address, head: ""))
            #expect(none.hasPrefix("HTTP/1.1 400 "))
            let two = "Host: localhost\r\nHost: evil.example\r\n"
            #expect(try #require(await RawClient.get("/v1/status", of: address, head: two)).hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test func `a request with two ways to tell its length is refused`() async throws {
        try await withServer { address in
            let head = "Host: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"
            let answer = try #require(await RawClient.get("/v1/status", of: address, head: head))
            #expect(answer.hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test func `a head that is too large ends the connection`() async throws {
        try await withServer { address in
            let client = try #require(RawClient(address))
            _ = client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: \(String(repeating: "x", count: 20_000))")
            let answer = await client.read()
            #expect(!answer.contains(" 200 "))
        }
    }

    @Test func `a body without end is cut off`() async throws {
        try await withServer { address in
            let client = try #require(RawClient(address))
            let head = "POST /v1/status HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
            #expect(client.send(head))
            #expect(await client.read { $0.contains("\r\n\r\n") }.hasPrefix("HTTP/1.1 405 "))
            let chunk = "1000\r\n\(String(repeating: "x", count: 4_096))\r\n"
            var sent = 0
            while sent < 10_000, client.send(chunk) { sent += 1 }
            #expect(sent < 10_000)
        }
    }

    @Test(arguments: ["", "GET /healthz HT"])
    func `a connection that does not come to the point is closed`(start: String) async throws {
        let impatient: (inout AdminSettings) -> Void = { $0.idleLimit = .milliseconds(100) }
        try await withServer(change: impatient) { address in
            let client = try #require(RawClient(address))
            // The server may have lost its patience before.
            _ = client.send(start)
            // Reads until the server closes.
            #expect(await !client.read().contains(" 200 "))
        }
    }

    @Test func `a connection serves one request after another`() async throws {
        try await withServer { address in
            let client = try #require(RawClient(address))
            for _ in 0..<3 {
                #expect(client.send("GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n"))
                #expect(await client.read { $0.contains("\r\n\r\n{") && $0.hasSuffix("}") }.hasPrefix("HTTP/1.1 200 "))
            }
        }
    }

    /// What a server that should not start fails with.
    private func failure(
        on address: BoundAddress,
        change: (inout AdminSettings) -> Void = { _ in }
    ) async -> AdminServerError? {
        do {
            try await withServer(address, change: change) { _ in }
            return nil
        } catch {
            return error as? AdminServerError
        }
    }
}

@Suite(.timeLimit(.minutes(10))) struct TapStreamTests {
    @Test func `lines come as they happen, and a client that goes ends its tap`() async throws {
        let reactor = FakeReactor {
            $0.lines = [#"{"n":1}"#]
            $0.endsTap = false
        }
        try await withServer(of: reactor) { address in
            var client = RawClient(address)
            #expect(client?.send("GET /v1/tap?on=run.* HTTP/1.1\r\nHost: localhost\r\n\r\n") == true)
            let text = await client?.read { $0.contains("\"n\"") }
            #expect(text?.contains("transfer-encoding: chunked") == true)
            #expect(text?.contains("{\"n\":1}\n") == true)
            client = nil
            // The test's time limit is the deadline.
            _ = await reactor.tapsEnded.first { _ in true }
        }
    }

    @Test func `a client that does not read loses its tap`() async throws {
        let reactor = FakeReactor {
            // More than the kernel's buffers on both sides hold.
            $0.lines = Array(repeating: String(repeating: "x", count: 1_024 * 1_024), count: 64)
            $0.endsTap = false
        }
        let impatient: (inout AdminSettings) -> Void = { $0.stallLimit = .milliseconds(100) }
        try await withServer(of: reactor, change: impatient) { address in
            let client = try #require(RawClient(address))
            #expect(client.send("GET /v1/tap HTTP/1.1\r\nHost: localhost\r\n\r\n"))
            // The test's time limit is the deadline.
            _ = await reactor.tapsEnded.first { _ in true }
        }
    }

    @Test func `a graceful shutdown ends taps and does not wait for their clients`() async throws {
        let reactor = FakeReactor {
            $0.lines = [#"{"n":1}"#]
            $0.endsTap = false
        }
        let client = try await withServer(of: reactor) { address in
            let client = try #require(RawClient(address))
            #expect(client.send("GET /v1/tap HTTP/1.1\r\nHost: localhost\r\n\r\n"))
            _ = await client.read { $0.contains("\"n\"") }
            return client
        }
        #expect(await client.read().hasSuffix("0\r\n\r\n"))
    }
}
