import AsyncHTTPClient
package import Events
import FoundationEssentials
import NIOCore
import NIOHTTP1
import RedisServer
import Testing

/// Alertmanager itself, as Debian has it.
package enum RealAlertmanager {
    package static let path = ["/usr/bin/prometheus-alertmanager", "/usr/local/bin/alertmanager"].first { path in
        FileManager.default.isExecutableFile(atPath: path)
    }
    package static let tool = ["/usr/bin/amtool", "/usr/local/bin/amtool"].first { path in
        FileManager.default.isExecutableFile(atPath: path)
    }

    /// Runs one while `body` runs.
    /// - Parameter receiver: the lines below the receiver `sink` in its configuration.
    package static func with(receiver: String = "", _ body: (_ address: String) async throws -> Void) async throws {
        let program = try #require(Self.path)
        let port = try #require(LoopbackPort.free())
        try await withTemporaryFolder { folder in
            let configuration = """
                route: { receiver: sink, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 4h }
                receivers:
                  - name: sink
                \(receiver)
                """
            try Data(configuration.utf8).write(to: URL(filePath: folder + "/c.yml"))
            let arguments = [
                program, "--config.file=\(folder)/c.yml", "--storage.path=\(folder)/data",
                "--web.listen-address=127.0.0.1:\(port)", "--cluster.listen-address=",
            ]
            try await withTestProgram(arguments) { program in
                let address = "http://127.0.0.1:\(port)"
                let isReady = await eventually(within: .seconds(60), "Alertmanager is ready") {
                    (try? await Self.get(address + "/-/ready").status) == 200
                }
                try #require(isReady, "\(program.errorOutput)")
                try await body(address)
            }
        }
    }

    package static func get(_ url: String) async throws -> (status: UInt, body: [UInt8]) {
        let response = try await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .seconds(60))
        let body = try await response.body.collect(upTo: 256 << 20)
        return (response.status.code, Array(body.readableBytesView))
    }

    package static func alerts(_ address: String) async throws -> [JSONValue] {
        try JSONValue.parse(try await Self.get(address + "/api/v2/alerts").body).arrayValue ?? []
    }
}
