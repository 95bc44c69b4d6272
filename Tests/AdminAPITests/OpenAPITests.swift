import Events
import Testing

@testable import AdminAPI

@Suite struct OpenAPITests {
    private func document(_ version: String = "1.2.3") throws -> JSONValue {
        try JSONValue.parse(OpenAPI.document(version: version))
    }

    private func members(_ value: JSONValue?) throws -> [JSONMember] {
        guard case .object(let members)? = value else { throw NoObject() }
        return members
    }

    private struct NoObject: Error {}

    @Test func `every path and method is described, and every description has one`() throws {
        let described = try self.members(try self.document()["paths"]).flatMap { path in
            try self.members(path.value).map { "\($0.name) \(path.name)" }
        }
        let routes = AdminRoute.allCases.flatMap { route in route.methods.map { "\($0.lowercased()) \(route.path)" } }
        #expect(described.sorted() == routes.sorted())
    }

    @Test func `a strange version cannot break the document`() throws {
        #expect(try self.document("1\"\\\n0")["info"]?["version"]?.stringValue == "10")
    }

    @Test func `what is referred to exists, and what exists is referred to`() throws {
        let text = OpenAPI.document(version: "1")
        let document = try self.document()
        for kind in ["schemas", "parameters", "responses"] {
            let references = text.split(separator: "#/components/\(kind)/").dropFirst().map {
                String($0.prefix { $0 != "\"" })
            }
            let there = try self.members(document["components"]?[kind]).map(\.name)
            #expect(Set(references) == Set(there), "\(kind)")
        }
    }

    @Test func `operations have names of their own, and all but health may want the token`() throws {
        var names: Set<String> = []
        for path in try self.members(try self.document()["paths"]) {
            for operation in try self.members(path.value) {
                let name = try #require(operation.value["operationId"]?.stringValue)
                #expect(names.insert(name).inserted, "\(name)")
                let isOpen = path.name == "/healthz" || path.name == "/readyz"
                #expect((operation.value["responses"]?["401"] == nil) == isOpen, "\(name)")
            }
        }
    }
}
