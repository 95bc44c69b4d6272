import Hummingbird
import HummingbirdTesting
import ReactorRuntime
import Testing

@testable import AdminAPI

@Suite(.timeLimit(.minutes(10))) struct ProblemTests {
    @Test func `an unknown path is a problem with 404`() async throws {
        let response = try await ask("/v1/nothing")
        #expect(response.status == .notFound)
        #expect(response.headers[.contentType] == "application/problem+json")
        #expect(
            response.text == """
                {"detail":"there is nothing at this path; /openapi.json lists what there is","instance":"/v1/nothing",\
                "status":404,"title":"Not Found","type":"about:blank"}
                """
        )
    }

    @Test(arguments: [HTTPRequest.Method.post, .put, .delete, .options, .patch])
    func `a path that can only be read refuses other methods with 405`(method: HTTPRequest.Method) async throws {
        let response = try await ask("/v1/status/", method: method)
        #expect(response.status == .methodNotAllowed)
        #expect(response.headers[.allow] == "GET, HEAD")
        #expect(try response.decode(Problem.self).status == 405)
    }

    @Test(arguments: ["0", "1001", "-1", "1.5", "many", "", "99999999999999999999", "5&limit=6"])
    func `a limit out of range is refused with a pointer to it`(limit: String) async throws {
        let reactor = FakeReactor()
        let response = try await ask("/v1/alerts?limit=\(limit)", of: reactor)
        #expect(response.status == .badRequest)
        let problem = try response.decode(Problem.self)
        #expect(problem.type == "urn:aos-reactor:problem:bad-parameter")
        #expect(problem.errors?.map(\.pointer) == ["#/query/limit"])
        #expect(problem.detail == "limit must be one whole number from 1 to 1000")
        #expect(reactor.questions.isEmpty)
    }

    @Test func `all problems of a query are told at once`() async throws {
        let response = try await ask("/v1/tap?on=a*b&on=run.*&lmit=5&a~/b=1")
        let problem = try response.decode(Problem.self)
        #expect(problem.errors?.map(\.pointer) == ["#/query/a~0~1b", "#/query/lmit", "#/query/on"])
        #expect(problem.errors?.last?.detail == #""a*b" is no event type pattern: write run.failed, run.* or *"#)
    }

    @Test func `a refused HEAD has no body`() async throws {
        let response = try await ask("/nothing", method: .head)
        #expect(response.status == .notFound)
        #expect(response.body.readableBytes == 0)
    }

    @Test(arguments: ["/healthz", "/readyz", "/metrics", "/v1/status"])
    func `a reactor that does not answer makes the request unavailable, not endless`(path: String) async throws {
        let reactor = FakeReactor { $0.isStuck = true }
        let response = try await ask(path, of: reactor) { $0.answerLimit = .milliseconds(50) }
        #expect(response.status == .serviceUnavailable)
        #expect(try response.decode(Problem.self).detail == "the reactor did not answer within 0.05 seconds")
    }

    @Test func `no more than a bounded number of questions waits for a stuck reactor`() async throws {
        let inspection = Inspection(FakeReactor { $0.isStuck = true }, limit: .milliseconds(1))
        for _ in 0..<64 {
            await #expect(throws: Problem.unavailable("the reactor did not answer within 0.001 seconds")) {
                try await inspection.ask { await $0.status() }
            }
        }
        await #expect(throws: Problem.unavailable("too many questions wait for the reactor")) {
            try await inspection.ask { await $0.status() }
        }
    }

    @Test func `every answer forbids guessing its type and keeping it`() async throws {
        for path in ["/healthz", "/nothing", "/v1/alerts?limit=x"] {
            let headers = try await ask(path).headers
            #expect(headers[.xContentTypeOptions] == "nosniff")
            #expect(headers[.cacheControl] == "no-store")
            #expect(headers[.accessControlAllowOrigin] == nil)
        }
    }

    @Test func `a large body is refused`() async throws {
        let response = try await ask("/healthz", method: .post, headers: [.contentLength: "100000"])
        #expect(response.status == .contentTooLarge)
    }
}

@Suite struct HostPolicyTests {
    private let policy = HostPolicy(names: ["reactor.internal"])

    @Test(
        arguments: [
            "localhost", "localhost:9464", "LOCALHOST", "127.0.0.1", "127.0.0.1:9464", "[::1]", "[::1]:9464",
            "10.0.0.5:80", "reactor.internal:9464",
        ]
    )
    func `IP addresses and known names are allowed`(authority: String) {
        #expect(self.policy.allows(authority: authority))
    }

    @Test(
        arguments: [
            "", "evil.example", "evil.example:9464", "127.0.0.1.evil.example", "localhost.evil.example", "[evil]",
            "::1", "0x7f.1", "2130706433", "127.0.0.1@evil.example",
        ]
    )
    func `names that somebody could point here are not`(authority: String) {
        #expect(!self.policy.allows(authority: authority))
    }

    @Test(arguments: [("https://evil.example", 403), ("null", 403), ("http://localhost:3000", 200)])
    func `a page of another site gets no answer`(origin: String, status: Int) async throws {
        #expect(try await ask("/v1/status", headers: [.origin: origin]).status.code == status)
    }
}
