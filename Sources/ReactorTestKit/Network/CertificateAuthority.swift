import ChildProcesses
import Dispatch
import FoundationEssentials
import RedisServer

/// A certificate authority of one test, made with the `openssl` program: its own certificate, and one for a server.
package struct CertificateAuthority: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// A certificate with its key, both in PEM files.
    package struct Certificate: Sendable {
        package let certificateFile: String
        package let keyFile: String
    }

    private let folder: String

    /// The authority's certificate in PEM: what clients are told to trust.
    package var certificateFile: String { self.folder + "/authority.pem" }
    private var keyFile: String { self.folder + "/authority.key" }

    /// Makes an authority whose files are in the given folder.
    package init(in folder: String) async throws {
        self.folder = folder
        try await Self.openssl(
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=test authority",
            "-keyout",
            self.keyFile,
            "-out",
            self.certificateFile
        )
    }

    /// A certificate signed by this authority.
    /// - Parameters:
    ///   - names: the subject alternative names: `["DNS:localhost", "IP:127.0.0.1"]`.
    ///   - days: how long it is valid; a negative number makes one that has expired already.
    package func issue(
        names: [String] = ["DNS:localhost", "IP:127.0.0.1"],
        days: Int = 2
    ) async throws -> Certificate {
        let stem = self.folder + "/\(UInt32.random(in: .min ... .max))"
        let extensions = stem + ".ext"
        try Data("subjectAltName=\(names.joined(separator: ","))\n".utf8).write(to: URL(filePath: extensions))
        try await Self.openssl(
            "req",
            "-new",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-subj",
            "/CN=test server",
            "-keyout",
            stem + ".key",
            "-out",
            stem + ".csr"
        )
        try await Self.openssl(
            "x509",
            "-req",
            "-in",
            stem + ".csr",
            "-CA",
            self.certificateFile,
            "-CAkey",
            self.keyFile,
            "-CAcreateserial",
            "-days",
            String(days),
            "-extfile",
            extensions,
            "-out",
            stem + ".pem"
        )
        return Certificate(certificateFile: stem + ".pem", keyFile: stem + ".key")
    }

    private static func openssl(_ arguments: String...) async throws {
        let openssl = try ChildProcess.spawn(ChildProcess.Launch(["openssl"] + arguments))
        let status = await withCheckedContinuation { continuation in
            // Waiting for a process blocks; not on a thread that runs tasks.
            DispatchQueue(label: "openssl").async { continuation.resume(returning: openssl.reap()) }
        }
        guard status == .exited(code: 0) else {
            throw Failure(description: "openssl \(arguments.joined(separator: " ")): \(status)")
        }
    }
}
