import ChildProcesses
import FoundationEssentials
import Glibc
import Logging
import ReactorTestKit
import Testing

@testable import RedisServer

/// What becomes of a server when its owner dies, and of an owner that finds a server of an earlier life.
@Suite(.timeLimit(.minutes(10)))
struct OrphanTests {
    @Test func `a server does not outlive an owner that is killed`() async throws {
        // The owner is another process, which knows its folder by the number of ours.
        let folder = Self.folderOfOwner(by: getpid())
        await #expect(processExitsWith: .signal(SIGKILL)) {
            let settings = RedisServerSettings(dataFolder: OrphanTests.folderOfOwner(by: getppid()))
            try await withRedisServerProcess(settings, logger: Logger(label: "owner")) { _ in
                _ = kill(getpid(), SIGKILL)
            }
        }
        defer { try? FileManager.default.removeItem(atPath: folder) }
        // A server that has ended in good order has removed its pid file itself, perhaps before we look.
        #expect(FileManager.default.fileExists(atPath: folder + "/redis.conf"))
        if let processID = contents(ofFile: folder + "/redis.pid").flatMap({ pid_t($0.filter(\.isNumber)) }) {
            await eventually("the guardian stops the server") { kill(processID, 0) != 0 || Self.isZombie(processID) }
        }
    }

    @Test func `a server of an earlier life is stopped before the own one starts`() async throws {
        try await withTemporaryFolder { folder in
            let settings = RedisServerSettings(dataFolder: folder)
            try await withRedisServerProcess(settings, logger: Logger(label: "test")) { _ in }
            let orphan = try Self.startBareServer(in: folder)
            let console = RedisConsole(unixPath: folder + "/redis.sock")
            await eventually { (try? await console.send("PING")) == .simple("PONG") }

            try await withRedisServerProcess(settings, logger: Logger(label: "test")) { server in
                #expect(server.processID != orphan.processID)
                try await expectAnswer(of: server)
                #expect(Self.isZombie(orphan.processID))
            }
            _ = orphan.reap()
        }
    }

    @Test func `a process that merely has the number of an earlier server is left alone`() async throws {
        try await withTemporaryFolder { folder in
            let bystander = try ChildProcess.spawn(ChildProcess.Launch(["sleep", "60"]))
            defer {
                bystander.send(SIGKILL)
                _ = bystander.reap()
            }
            try Self.write("\(bystander.processID)\n", to: folder + "/redis.pid")
            let settings = RedisServerSettings(dataFolder: folder)
            try await withRedisServerProcess(settings, logger: Logger(label: "test")) { server in
                try await expectAnswer(of: server)
            }
            #expect(!Self.isZombie(bystander.processID))
        }
    }

    @Test func `restarts wait longer each time, and a long life forgets the past`() {
        var backoff = RestartBackoff()
        let delays = (0..<10).map { _ in backoff.delay(afterLifeOf: .milliseconds(10)) }
        #expect(delays[0] == .zero)
        #expect(delays[1] == .milliseconds(50))
        #expect(delays[2] == .milliseconds(100))
        #expect(delays[9] == .seconds(5))
        #expect(backoff.delay(afterLifeOf: .seconds(10)) == .zero)
    }

    private static func folderOfOwner(by processID: pid_t) -> String { "/tmp/aos-test-owner-\(processID)" }

    /// A `redis-server` without guardian, on the configuration that an earlier owner left.
    private static func startBareServer(in folder: String) throws -> ChildProcess {
        let server = try ExecutableSearch.redisServer(given: nil).path
        return try ChildProcess.spawn(ChildProcess.Launch([server, folder + "/redis.conf"]))
    }

    /// Whether a process has ended and only waits for its parent to ask how.
    private static func isZombie(_ processID: pid_t) -> Bool {
        guard let status = contents(ofFile: "/proc/\(processID)/stat") else { return true }
        // The state follows the name, which is in parentheses.
        return status.split(separator: ")").last?.split(separator: " ").first == "Z"
    }

    private static func write(_ text: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        try #require(Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
    }
}
