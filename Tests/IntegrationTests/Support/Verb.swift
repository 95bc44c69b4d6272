import ChildProcesses
import Events
import FoundationEssentials
import ReactorTestKit
import RedisServer
import Testing

/// A program that has ended, and what it printed.
struct FinishedProgram {
    let end: ProcessEnd
    let output: String
    let errorOutput: String
    let elapsed: Duration

    /// nil when it was ended by a signal.
    var exitCode: Int32? {
        if case .exited(let code) = self.end { code } else { nil }
    }

    /// All that it printed.
    var everything: String { self.output + self.errorOutput }
}

/// A command that is run in a folder, so that the files that lie where the tests run are not read by it.
func command(_ arguments: [String], in folder: String, input: String? = nil) throws -> [String] {
    guard let input else { return ["/bin/sh", "-c", #"cd "$0" && exec "$@""#, folder] + arguments }
    let file = folder + "/input"
    try Data(input.utf8).write(to: URL(filePath: file))
    return ["/bin/sh", "-c", #"cd "$0" && exec "$@" < input"#, folder] + arguments
}

/// Runs a program to its end.
func finish(
    _ arguments: [String],
    environment: [String: String] = [:],
    within limit: Duration = .seconds(60)
) async throws -> FinishedProgram {
    let begin = ContinuousClock.now
    return try await withTestProgram(arguments, environment: environment) { program in
        let end = try await program.waitForExit(within: limit)
        let elapsed = ContinuousClock.now - begin
        return FinishedProgram(
            end: end,
            output: program.output,
            errorOutput: program.errorOutput,
            elapsed: elapsed
        )
    }
}

/// Runs a verb of the built program to its end, in an empty folder or the given one.
func runVerb(
    _ arguments: String...,
    in folder: String? = nil,
    environment: [String: String] = [:],
    input: String? = nil
) async throws -> FinishedProgram {
    let verb = [BuiltProgram.path] + arguments
    if let folder {
        return try await finish(try command(verb, in: folder, input: input), environment: environment)
    }
    return try await withTemporaryFolder { folder in
        try await finish(try command(verb, in: folder, input: input), environment: environment)
    }
}

/// Does the same with all elements at a time: for programs that mostly wait.
func concurrently<Element: Sendable>(
    _ elements: some Sequence<Element>,
    _ body: @escaping @Sendable (Element) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for element in elements { group.addTask { try await body(element) } }
        try await group.waitForAll()
    }
}

/// Writes a file, with the folders that lead to it.
func write(_ text: String, to path: String) throws {
    let url = URL(filePath: path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
}

extension TestProgram {
    /// What it has printed to standard output, one JSON value a line; a line that is not whole yet is left out.
    var jsonLines: [JSONValue] {
        get throws { try Self.jsonLines(of: self.output) }
    }

    /// The same of standard error: the log.
    var logLines: [JSONValue] {
        get throws { try Self.jsonLines(of: self.errorOutput) }
    }

    /// The first line of the log with this message.
    func logLine(_ message: String) throws -> JSONValue? {
        try self.logLines.first { $0["msg"]?.stringValue == message }
    }

    private static func jsonLines(of text: String) throws -> [JSONValue] {
        try text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            .map { try JSONValue.parse(String($0)) }
    }
}

/// A measured value, for whoever reads the log of the tests.
func figure(_ what: String, _ value: some CustomStringConvertible, _ unit: String) {
    print("figure: \(what): \(value) \(unit)")
}

extension Duration {
    var inMilliseconds: Double {
        Double(self.components.seconds) * 1000 + Double(self.components.attoseconds) / 1e15
    }
}
