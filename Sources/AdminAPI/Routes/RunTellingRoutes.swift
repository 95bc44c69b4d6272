import Events
import Hummingbird
import HummingbirdCore
import Reactions
import ReactorRuntime

/// What is told of runs, and workers.
struct RunTellingRoutes: Sendable {
    let keeper: BookKeeper

    /// Ten years, as long as a contract counts.
    private static let deadlines = 1...315_360_000_000

    func add(to router: Router<BasicRequestContext>) {
        router.post(.runExpectations) { request, context in try await self.declare(request, context.parameters) }
        router.post(.runAcks) { request, context in try await self.acknowledge(request, context.parameters) }
        router.get(.heartbeats) { request, _ in
            try Query(request, allowed: []).validate()
            return try .json(HeartbeatsResponse(try await self.keeper.runs { await $0.workers() }))
        }
    }

    private func declare(_ request: Request, _ parameters: Parameters) async throws -> Response {
        let runID = try Self.runID(request, parameters)
        let known: Set<String> = ["id", "domain", "action", "deadline_ms", "tenant_id"]
        var body = try await BodyReader(request, known: known)
        var members = Self.common(&body)
        let deadline = body.number("deadline_ms", in: Self.deadlines)
        if deadline == nil { body.refuseMissing("deadline_ms") }
        try body.validate()
        if let deadline { members.append(JSONMember("deadline_ms", .number(deadline))) }
        return try await self.tell("audit.expectation.declared", runID, members)
    }

    private func acknowledge(_ request: Request, _ parameters: Parameters) async throws -> Response {
        let runID = try Self.runID(request, parameters)
        let known: Set<String> = ["id", "domain", "action", "status", "result_id", "error", "tenant_id"]
        var body = try await BodyReader(request, known: known)
        var members = Self.common(&body)
        let status = body.word("status", Acknowledgement.Status.self) ?? .success
        members.append(JSONMember("status", .string(status.rawValue)))
        if let result = body.text("result_id") { members.append(JSONMember("result_id", .string(result))) }
        if let error = body.text("error", maxBytes: 2_048) { members.append(JSONMember("error", .string(error))) }
        try body.validate()
        return try await self.tell("audit.ack", runID, members)
    }

    private static func common(_ body: inout BodyReader) -> [JSONMember] {
        let texts = [
            ("id", body.text("id", maxBytes: RunContract.maxNameBytes, isRequired: true)),
            ("domain", body.text("domain", maxBytes: RunContract.maxNameBytes, isRequired: true)),
            ("action", body.text("action", maxBytes: RunContract.maxNameBytes, isRequired: true)),
            ("tenant_id", body.text("tenant_id")),
        ]
        return texts.compactMap { name, text in text.map { JSONMember(name, .string($0)) } }
    }

    private static func runID(_ request: Request, _ parameters: Parameters) throws -> String {
        try Query(request, allowed: []).validate()
        let runID = try parameters.id()
        guard runID.utf8.count <= RunContract.maxNameBytes else {
            let detail = "the id of a run has at most \(RunContract.maxNameBytes) bytes"
            throw Problem.badParameters([Problem.Cause(detail: detail, pointer: "#/path/id")])
        }
        return runID
    }

    private func tell(_ type: String, _ runID: String, _ members: [JSONMember]) async throws -> Response {
        let payload = JSONValue.object([JSONMember("run_id", .string(runID))] + members)
        let status = try await self.keeper.runs { try await $0.tell(type, runID: runID, payload) }
        guard let status else {
            throw Problem.conflict("no handler of this reactor uses audit-contract and takes \(type)")
        }
        return try .json(RunToldResponse(runID: runID, status: status.rawValue), status: .accepted)
    }
}

extension BodyReader {
    /// Notes a member that is missing, unless something was found wrong with it.
    fileprivate mutating func refuseMissing(_ name: String) {
        if self.isMissing(name) { self.refuse(name, "\(name) is missing") }
    }
}
