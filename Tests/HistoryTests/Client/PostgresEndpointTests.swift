import PostgresClient
import Testing

@Suite struct PostgresEndpointTests {
    @Test func aPasswordIsNeverPrinted() throws {
        let endpoint = try PostgresEndpoint(url: "postgres://writer:c4n%40ry@localhost:5433/history?sslmode=disable")
        var dumped = ""
        dump(endpoint, to: &dumped)
        for text in ["\(endpoint)", String(reflecting: endpoint), dumped, endpoint.displayName] {
            #expect(!text.contains("c4n"))
        }
        #expect(endpoint.displayName == "postgres://writer:***@localhost:5433/history?sslmode=disable")
    }

    @Test(arguments: [
        ("postgres://localhost/h", "prefer"), ("postgres://127.0.0.1/h", "prefer"), ("postgres:///h", "prefer"),
        ("postgres://%2Frun%2Fpostgresql/h", "prefer"), ("postgres://db.example/h", "verify-full"),
        ("postgres://localhost,db.example/h", "verify-full"), ("postgres://db.example/h?sslmode=require", "require"),
        ("postgresql://db.example/h?sslmode=disable", "disable"),
    ])
    func whatLeavesTheMachineIsEncryptedAndChecked(url: String, mode: String) throws {
        #expect(try PostgresEndpoint(url: url).sslMode == mode)
    }

    @Test(arguments: [
        ("mysql://u:s3cret@h/d", "must begin with postgres://"),
        ("postgres://u:s3cret@h/d?mode=x", "unknown option \"mode\""),
        ("postgres://u:s3cret@h/d?sslmode=never", "unknown sslmode"),
        ("postgres://u:s3cret@[::1/d", "must have the form"),
        ("postgres://u:s3cret%00@h/d", "must have the form"),
    ])
    func anUnusableURLIsRefusedWithoutItsPassword(url: String, reason: String) {
        let error = #expect(throws: PostgresError.self) { try PostgresEndpoint(url: url) }
        #expect(error?.code == .invalidURL)
        #expect(error?.message.contains(reason) == true)
        #expect(error?.message.contains("s3cret") == false)
    }
}
