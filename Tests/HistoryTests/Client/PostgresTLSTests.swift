import PostgresClient
import ReactorTestKit
import Testing

@Suite struct PostgresTLSTests {
    private static let limit = Duration.seconds(30)

    @Test func onlyTheRightServerIsSpokenTo() async throws {
        try await withTemporaryFolder { folder in
            let authority = try await CertificateAuthority(in: folder)
            try await withTemporaryFolder { elsewhere in
                let stranger = try await CertificateAuthority(in: elsewhere)
                let certificate = try await authority.issue(names: ["DNS:localhost"])
                try await withPostgresServer(certificate: certificate) { server in
                    let port = try #require(server.port)
                    let options = "sslmode=verify-full&sslrootcert="
                    let name = "postgres://aos@localhost:\(port)/postgres"
                    let trusted = try await Self.encryption("\(name)?\(options)\(authority.certificateFile)")
                    #expect(trusted == "t")
                    #expect(try await Self.encryption("\(name)?sslmode=disable") == "f")
                    // Signed by somebody else; and signed well, for another name.
                    await Self.expectRefusal("\(name)?\(options)\(stranger.certificateFile)")
                    let address = "postgres://aos@127.0.0.1:\(port)/postgres"
                    await Self.expectRefusal("\(address)?\(options)\(authority.certificateFile)")
                }
            }
        }
    }

    /// Whether the server says that the connection is encrypted.
    private static func encryption(_ url: String) async throws -> String? {
        let connection = PostgresConnection(try PostgresEndpoint(url: url))
        let sql = "SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        return try await connection.run(sql, within: Self.limit).first.map { String($0.prefix(1)) }
    }

    private static func expectRefusal(_ url: String) async {
        let error = await #expect(throws: PostgresError.self) { try await Self.encryption(url) }
        #expect(error?.code == .connectFailed)
    }
}
