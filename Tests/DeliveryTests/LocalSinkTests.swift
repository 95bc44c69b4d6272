import Delivery
import Events
import FoundationEssentials
import Glibc
import Reactions
import ReactorTestKit
import Testing

@Suite struct ExecSinkTests {
    /// Writes a script and makes a receiver of it. The shell is named, because a file that was written just now cannot be
    /// run itself while another test's child, started in between, still has it open.
    private static func sink(
        _ script: String,
        in folder: String,
        arguments: [String] = [],
        _ change: (inout ExecSink.Settings) -> Void = { _ in }
    ) throws -> ExecSink {
        let path = folder + "/receiver"
        try Data("\(script)\n".utf8).write(to: URL(filePath: path))
        var settings = ExecSink.Settings()
        change(&settings)
        return try ExecSink(name: "program", arguments: ["/bin/sh", path] + arguments, settings: settings)
    }

    private static func text(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }

    @Test func `a program is given the JSON, its own arguments, and nothing of ours`() async throws {
        try await withTemporaryFolder { folder in
            let sink = try Self.sink(
                "cat > \(folder)/in; printf '%s\\n' \"$@\" > \(folder)/args; env > \(folder)/env; ls /proc/self/fd > \(folder)/fds",
                in: folder,
                arguments: ["$(touch \(folder)/evil)", "a b", ";id"]
            ) { $0.environment = ["EXTRA": "1"] }
            // A descriptor that would be inherited if nobody closed it.
            let open = dup(0)
            defer { close(open) }
            #expect(try await sink.attempt(Sample.notification(), at: Sample.now) == .delivered)
            let payload = try JSONValue.parse(Self.text(folder + "/in"))
            #expect(payload["data"]?["alerts"]?.arrayValue?.first?["run_id"] == "r1")
            #expect(Self.text(folder + "/args") == "$(touch \(folder)/evil)\na b\n;id\n")
            #expect(!FileManager.default.fileExists(atPath: folder + "/evil"))
            let names = Set(Self.text(folder + "/env").split(separator: "\n").map { $0.prefix { $0 != "=" } })
            #expect(names.isSubset(of: ["PATH", "LC_ALL", "AOS_DELIVERY_ID", "EXTRA", "PWD", "OLDPWD", "SHLVL", "_"]))
            #expect(Self.text(folder + "/env").contains("AOS_DELIVERY_ID=dlv_1"))
            // Standard input, output, error, and the folder that `ls` reads.
            #expect(Self.text(folder + "/fds").split(separator: "\n").count <= 4)
        }
    }

    @Test(arguments: [
        ("exit 0", AttemptOutcome.delivered),
        ("echo first; echo 'no route' >&2; exit 1", .retry(reason: "exit code 1: no route")),
        ("exit 65", .dead(reason: "exit code 65")), ("exit 75", .retry(reason: "exit code 75")),
        ("kill -9 $$", .retry(reason: "ended by signal 9")),
        ("printf 'a\\033[31mb\\n\\n'; exit 2", .retry(reason: "exit code 2: a [31mb")),
    ])
    func `the way a program ends is judged`(script: String, outcome: AttemptOutcome) async throws {
        try await withTemporaryFolder { folder in
            let sink = try Self.sink(script, in: folder)
            #expect(try await sink.attempt(Sample.notification(), at: Sample.now) == outcome)
        }
    }

    @Test func `a program that takes too long ends with all that it started`() async throws {
        try await withTemporaryFolder { folder in
            // Neither the program nor its child wants to hear of the end.
            let script =
                "trap '' TERM; (trap '' TERM; echo $$ > \(folder)/started; sleep 600) & sleep 600 & echo $! > \(folder)/child; wait; sleep 600"
            let sink = try Self.sink(script, in: folder) {
                $0.timeLimit = .seconds(2)
                $0.grace = .milliseconds(200)
            }
            let start = ContinuousClock.now
            let outcome = try await sink.attempt(Sample.notification(), at: Sample.now)
            #expect(outcome == .retry(reason: "not done within 2 s"))
            #expect(ContinuousClock.now - start < .seconds(60))
            let child = try #require(Int32(Self.text(folder + "/child").split(separator: "\n").first ?? ""))
            await eventually(within: .seconds(60), "the child is gone") { kill(child, 0) != 0 || Self.isZombie(child) }
        }
    }

    private static func isZombie(_ process: Int32) -> Bool {
        Self.text("/proc/\(process)/stat").split(separator: ")").last?.split(separator: " ").first == "Z"
    }

    @Test func `what keeps the output open does not keep us waiting`() async throws {
        try await withTemporaryFolder { folder in
            let sink = try Self.sink("sleep 600 & echo done; exit 0", in: folder)
            let start = ContinuousClock.now
            let outcome = try await sink.attempt(Sample.notification(), at: Sample.now)
            #expect(outcome == .delivered)
            #expect(ContinuousClock.now - start < .seconds(60))
        }
    }

    @Test func `endless output is read and dropped, and a program need not read its input`() async throws {
        try await withTemporaryFolder { folder in
            let noisy = try Self.sink("head -c 3000000 /dev/zero | tr '\\0' x; exit 3", in: folder) {
                $0.timeLimit = .seconds(60)
            }
            guard case .retry(let reason, _, _) = try await noisy.attempt(Sample.notification(), at: Sample.now) else {
                Issue.record("not refused")
                return
            }
            #expect(reason.hasPrefix("exit code 3: xxx"))
            #expect(reason.utf8.count < 300)
            let deaf = try Self.sink("exec 0<&-; exit 0", in: folder)
            let many = (0..<200).map { Sample.notice("a\($0)", run: "r\($0)") }
            #expect(try await deaf.attempt(Sample.notification(many), at: Sample.now) == .delivered)
        }
    }

    @Test func `cancelling ends the program`() async throws {
        try await withTemporaryFolder { folder in
            let sink = try Self.sink("echo $$ > \(folder)/pid; sleep 600", in: folder)
            await withTaskGroup(of: Bool.self) { group in
                group.addTask {
                    do {
                        _ = try await sink.attempt(Sample.notification(), at: Sample.now)
                        return false
                    } catch {
                        return true
                    }
                }
                await eventually(within: .seconds(60)) { Self.text(folder + "/pid").hasSuffix("\n") }
                group.cancelAll()
                for await wasCancelled in group { #expect(wasCancelled) }
            }
            let process = try #require(Int32(Self.text(folder + "/pid").split(separator: "\n").first ?? ""))
            await eventually(within: .seconds(60)) { kill(process, 0) != 0 }
        }
    }

    @Test func `what cannot be run is told`() async throws {
        let missing = try ExecSink(name: "program", arguments: ["/no/such/program"])
        #expect(
            try await missing.attempt(Sample.notification(), at: Sample.now)
                == .retry(reason: "cannot be started: No such file or directory")
        )
        for arguments in [[], ["sh", "-c", "id"], [""], ["/bin/echo", "a\0b"]] {
            #expect(throws: ExecSink.CommandError.self) { try ExecSink(name: "program", arguments: arguments) }
        }
    }
}

@Suite struct FileSinkTests {
    private static func lines(_ path: String) -> [String] {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test func `each notification is one line of JSON`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/alerts.ndjson"
            let sink = FileSink(name: "archive", path: path)
            for _ in 0..<3 {
                let outcome = try await sink.attempt(Sample.notification(), at: Sample.now)
                #expect(outcome == .delivered)
            }
            let lines = Self.lines(path)
            #expect(lines.count == 4)
            #expect(lines.last == "")
            for line in lines.dropLast() {
                let value = try JSONValue.parse(line)
                #expect(value["data"]?["delivery_id"] == "dlv_1")
            }
        }
    }

    @Test func `writers at the same time do not mix`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/alerts.ndjson"
            let notices = (0..<40).map { Sample.notice("a\($0)", run: "r\($0)") }
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        let outcome = try? await FileSink(name: "archive", path: path)
                            .attempt(Sample.notification(notices), at: Sample.now)
                        #expect(outcome == .delivered)
                    }
                }
            }
            let lines = Self.lines(path).dropLast()
            #expect(lines.count == 50)
            for line in lines {
                let value = try JSONValue.parse(line)
                #expect(value["data"]?["alerts"]?.arrayValue?.count == 40)
            }
        }
    }

    @Test func `a line that was cut does not swallow the next, and a file that moved away is made again`() async throws
    {
        try await withTemporaryFolder { folder in
            let path = folder + "/alerts.ndjson"
            try Data("{\"cut\":".utf8).write(to: URL(filePath: path))
            let sink = FileSink(name: "archive", path: path)
            #expect(try await sink.attempt(Sample.notification(), at: Sample.now) == .delivered)
            let lines = Self.lines(path)
            #expect(lines.count == 3)
            #expect(lines[0] == "{\"cut\":")
            #expect(try JSONValue.parse(lines[1])["data"] != nil)
            rename(path, path + ".1")
            #expect(try await sink.attempt(Sample.notification(), at: Sample.now) == .delivered)
            #expect(Self.lines(path).count == 2)
        }
    }

    @Test func `a full disk, a missing folder and a pipe without a reader are told`() async throws {
        func reason(_ path: String) async throws -> String? {
            try await FileSink(name: "archive", path: path).attempt(Sample.notification(), at: Sample.now).retryReason
        }
        #expect(try await reason("/no/such/folder/alerts") == "cannot open the file: No such file or directory")
        // The kernel's own full disk.
        #expect(try await reason("/dev/full") == "cannot write: No space left on device")
        try await withTemporaryFolder { folder in
            mkfifo(folder + "/pipe", 0o600)
            let told = try await reason(folder + "/pipe")
            #expect(told == "cannot open the file: No such device or address")
        }
    }
}
