import FoundationEssentials
import RedisServer

/// Gives `body` a new folder of mode 0700 below `/tmp` and removes it with all that is in it afterwards.
package func withTemporaryFolder<Result: Sendable>(
    _ body: (_ path: String) async throws -> Result
) async throws -> Result {
    let folder = try makeTemporaryFolder(prefix: "aos-test")
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}
