import Logging
import RedisServer
import Testing

@Suite struct RedisServerProcessTests {
    @Test(.timeLimit(.minutes(1)))
    func `a server starts, answers and stops`() async throws {
        let folder = try makeTemporaryFolder(prefix: "aos-test")
        let clock = ContinuousClock()
        let start = clock.now
        let pid = try await withRedisServerProcess(.init(dataFolder: folder), logger: Logger(label: "test")) { server in
            print(clock.now - start, server.url)
            return server.processID
        }
        print(clock.now - start, pid as Any)
    }
}
