package import ChildProcesses
import Dispatch
import FoundationEssentials
import Glibc
import Synchronization
import Testing

/// A program started by a test as a user would start it; what it prints goes to files that the test reads.
package final class TestProgram: Sendable {
    private let process: ChildProcess
    private let folder: String
    private let ended = Mutex<ProcessEnd?>(nil)

    /// Starts it. The environment is a small one (`PATH`, `HOME`, `LC_ALL`) and what is given on top.
    fileprivate init(_ arguments: [String], environment: [String: String], folder: String) throws {
        var launch = ChildProcess.Launch(arguments)
        launch.environment.merge(environment) { $1 }
        launch.output = .file(folder + "/stdout")
        launch.error = .file(folder + "/stderr")
        self.folder = folder
        self.process = try ChildProcess.spawn(launch)
    }

    package var processID: Int32 { self.process.processID }

    /// What it has printed to standard output so far.
    package var output: String { Self.text(of: self.folder + "/stdout") }

    /// What it has printed to standard error so far.
    package var errorOutput: String { Self.text(of: self.folder + "/stderr") }

    /// How it ended; nil while it runs.
    package var exitStatus: ProcessEnd? { self.ended.withLock { $0 } }

    /// Sends a signal, unless the program has ended.
    package func send(_ signal: Int32) {
        self.ended.withLock { if $0 == nil { self.process.send(signal) } }
    }

    /// Waits until it has ended.
    @discardableResult
    package func waitForExit(within limit: Duration = .seconds(60)) async throws -> ProcessEnd {
        await eventually(within: limit, "the program ends") { self.exitStatus != nil }
        guard let status = self.exitStatus else { throw CancellationError() }
        return status
    }

    /// Reaps the program on a thread of its own.
    fileprivate func reap() async {
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "test-program").async {
                let status = self.process.reap()
                self.ended.withLock { $0 = status }
                continuation.resume()
            }
        }
    }

    private static func text(of path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}

/// Runs a program while `body` runs; one that has not ended by then is killed.
/// - Parameter arguments: the program, its path or a name on `PATH`, and its arguments.
package func withTestProgram<Result: Sendable>(
    _ arguments: [String],
    environment: [String: String] = [:],
    _ body: (TestProgram) async throws -> Result
) async throws -> Result {
    try await withTemporaryFolder { folder in
        let program = try TestProgram(arguments, environment: environment, folder: folder)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await program.reap() }
            // The group waits for the reaper, so nothing outlives the test.
            defer { program.send(SIGKILL) }
            return try await body(program)
        }
    }
}
