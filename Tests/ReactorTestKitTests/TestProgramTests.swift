import ChildProcesses
import Glibc
import ReactorTestKit
import RedisServer
import Testing

@Suite(.timeLimit(.minutes(10)))
struct TestProgramTests {
    @Test func `a program's output, environment and exit code are seen`() async throws {
        try await withTestProgram(["sh", "-c", "echo $WORD; echo oops >&2; exit 3"], environment: ["WORD": "hello"]) {
            let status = try await $0.waitForExit()
            #expect(status == .exited(code: 3))
            #expect($0.output == "hello\n")
            #expect($0.errorOutput == "oops\n")
        }
    }

    @Test func `a program gets signals, and one that still runs is killed`() async throws {
        try await withTestProgram(["sleep", "60"]) { program in
            program.send(SIGTERM)
            let status = try await program.waitForExit()
            #expect(status == .killed(signal: SIGTERM))
        }
        let processID = try await withTestProgram(["sleep", "60"]) { $0.processID }
        #expect(kill(processID, 0) != 0)
    }

    @Test func `an authority signs certificates that openssl accepts`() async throws {
        try await withTemporaryFolder { folder in
            let authority = try await CertificateAuthority(in: folder)
            let server = try await authority.issue()
            let verify = ["openssl", "verify", "-CAfile", authority.certificateFile, server.certificateFile]
            try await withTestProgram(verify) { program in
                let status = try await program.waitForExit()
                #expect(status == .exited(code: 0))
            }
        }
    }

    @Test func `a server speaks TLS with a certificate of the authority`() async throws {
        try await withTemporaryFolder { folder in
            let authority = try await CertificateAuthority(in: folder)
            let certificate = try await authority.issue()
            let tls = RedisServerSettings.TLS(
                certificateFile: certificate.certificateFile,
                keyFile: certificate.keyFile,
                authorityFile: authority.certificateFile
            )
            try await withRedisServer(tls: tls) { server in
                let port = try #require(server.address.tlsPort)
                let ping = ["redis-cli", "-p", "\(port)", "--tls", "--cacert", authority.certificateFile, "PING"]
                try await withTestProgram(ping) { program in
                    try await program.waitForExit()
                    #expect(program.output == "PONG\n")
                }
            }
        }
    }
}
