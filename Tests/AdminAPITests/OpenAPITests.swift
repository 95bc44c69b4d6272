import Events
import FoundationEssentials
import Testing

@testable import AdminAPI

@Suite struct OpenAPITests {
    private struct Document: Decodable {
        struct Info: Decodable { var version: String }
        struct Path: Decodable { var get: Operation }
        struct Operation: Decodable {
            var operationId: String
            var responses: [String: JSONDetails]
        }
        struct Components: Decodable { var schemas: [String: JSONDetails] }

        var info: Info
        var paths: [String: Path]
        var components: Components
    }

    private func document(_ version: String = "1.2.3") throws -> Document {
        try AdminJSON.decode(Document.self, from: Data(OpenAPI.document(version: version).utf8))
    }

    @Test func `every path is described and every description has a path`() throws {
        #expect(Set(try self.document().paths.keys) == Set(AdminRoute.allCases.map(\.path)))
    }

    @Test func `a strange version cannot break the document`() throws {
        #expect(try self.document("1\"\\\n0").info.version == "10")
    }

    @Test func `what is referred to exists`() throws {
        let text = OpenAPI.document(version: "1")
        let document = try self.document()
        let references = text.split(separator: "#/components/schemas/").dropFirst().map { $0.prefix { $0 != "\"" } }
        #expect(!references.isEmpty)
        for name in references { #expect(document.components.schemas[String(name)] != nil, "\(name)") }
    }

    @Test(arguments: [
        ("/healthz", "Liveness"), ("/readyz", "Readiness"), ("/version", "Version"), ("/v1/status", "Status"),
        ("/v1/handlers", "Handlers"), ("/v1/alerts", "Alerts"), ("/v1/quarantine", "Quarantine"),
        ("/v1/nothing", "Problem"),
    ])
    func `answers have the members that are promised and no others`(path: String, schema: String) async throws {
        let reactor = FakeReactor { answers in
            answers.alerts = [.sample]
        }
        let answer = try await ask(path, of: reactor).decode(JSONDetails.self).value
        let promised = try #require(try self.document().components.schemas[schema]).value
        let members = try #require(promised["properties"])
        guard case .object(let properties) = members, case .object(let given) = answer else {
            Issue.record("not an object")
            return
        }
        #expect(Set(given.map(\.name)).isSubset(of: properties.map(\.name)))
        let required = promised["required"]?.arrayValue?.compactMap(\.stringValue) ?? []
        #expect(Set(required).isSubset(of: given.map(\.name)))
    }
}
