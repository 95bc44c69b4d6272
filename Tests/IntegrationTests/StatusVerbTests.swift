import ChildProcesses
import Events
import FoundationEssentials
import Glibc
import ReactorTestKit
import RedisServer
import Testing

/// The verbs that ask: `status`, `tap`, `doctor`; and where a reactor listens for them.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct StatusVerbTests {
    @Test func `status shows a running reactor, for people and for programs`() async throws {
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: SampleHandlers.failedRuns) { reactor in
                await eventually("ready") { await reactor.isReady }
                for type in ["run.failed", "run.started"] {
                    try await server.command("PUBLISH", "aos.events", #"{"event_type": "\#(type)", "payload": {}}"#)
                }
                await eventually("received") { await reactor.received() == 2 }
                let text = try await runVerb("status", "--url", reactor.adminAddress)
                #expect(text.exitCode == 0)
                #expect(text.errorOutput.isEmpty)
                #expect(!text.output.contains("\u{1B}"))
                let rows = text.output.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
                #expect(rows.first == "state RUNNING, ready")
                #expect(rows.contains("events 2 received = 1 matched + 1 unmatched + 0 quarantined + 0 dropped"))
                #expect(
                    rows.contains("handler calls 1 = 1 succeeded + 0 failed + 0 timed out + 0 in flight; 1 handlers")
                )
                #expect(rows.contains("subscription Healthy: subscribed"))

                let json = try await runVerb("status", "--json", "--url", reactor.adminAddress)
                #expect(json.exitCode == 0)
                let report = try JSONValue.parse(json.output)
                #expect(report["ready"] == .bool(true))
                #expect(report["status"]?["state"]?.stringValue == "RUNNING")
                #expect(report["status"]?["events"]?["received"]?.intValue == 2)
                let components = report["components"]?.arrayValue?.compactMap { $0["name"]?.stringValue }
                #expect(
                    components
                        == ["config", "redis", "subscription", "probe", "ring", "heartbeat", "state", "history"]
                )

                // A reactor that is not ready is a finding.
                try write("handler: [\n", to: reactor.handlersFile)
                reactor.program.send(SIGHUP)
                await eventually("not ready") { await !reactor.isReady }
                let refused = try await runVerb("status", "--url", reactor.adminAddress)
                #expect(refused.exitCode == 1)
                #expect(refused.output.hasPrefix("state          RUNNING, not ready\n"), "\(refused.output)")
                #expect(refused.output.contains("test.yaml:"))
            }
        }
    }

    @Test func `tap shows the events that were asked for, with what each handler did`() async throws {
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: SampleHandlers.failedRuns) { reactor in
                await eventually("ready") { await reactor.isReady }
                let verb = [
                    BuiltProgram.path, "tap", "--on", "run.*", "--on", "test.marker", "--url", reactor.adminAddress,
                ]
                try await withTestProgram(verb) { tap in
                    let marker = #"{"event_type": "test.marker", "payload": {}}"#
                    await eventually("the tap shows events") {
                        _ = try? await server.command("PUBLISH", "aos.events", marker)
                        try? await Task.sleep(for: .milliseconds(20))
                        return !tap.output.isEmpty
                    }
                    for type in ["incident.created", "run.failed", "runs", "run.started"] {
                        let event = #"{"event_type": "\#(type)", "payload": {"run_id": "r9"}}"#
                        try await server.command("PUBLISH", "aos.events", event)
                    }
                    await eventually("the last is shown") { tap.output.contains("run.started") }
                    let lines = tap.output.split(separator: "\n").filter { !$0.contains("test.marker") }
                        .map { $0.split(separator: " ").dropFirst().joined(separator: " ") }
                    #expect(lines == ["run.failed r9 -> failed-runs: alert", "run.started r9"])

                    // It ends by itself when the reactor does.
                    reactor.program.send(SIGTERM)
                    #expect(try await reactor.program.waitForExit() == .exited(code: 0))
                    #expect(try await tap.waitForExit() == .exited(code: 0), "\(tap.errorOutput)")
                }
            }
        }
    }

    @Test func `tap leaves out nothing under load without saying so`() async throws {
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: SampleHandlers.failedRuns) { reactor in
                await eventually("ready") { await reactor.isReady }
                let verb = [BuiltProgram.path, "tap", "--json", "--url", reactor.adminAddress]
                try await withTestProgram(verb) { tap in
                    let marker = #"{"event_type": "test.marker", "payload": {}}"#
                    await eventually("the tap shows events") {
                        _ = try? await server.command("PUBLISH", "aos.events", marker)
                        try? await Task.sleep(for: .milliseconds(20))
                        return !tap.output.isEmpty
                    }
                    let generate = try await runVerb("generate", "--count", "12000", "--redis", server.url)
                    #expect(generate.exitCode == 0)
                    let last = #"{"event_type": "test.last", "payload": {}}"#
                    try await server.command("PUBLISH", "aos.events", last)
                    await eventually("the last is shown") {
                        tap.output.hasSuffix("}\n") && tap.output.contains("test.last")
                    }

                    // Each line has its number; a jump is exactly as wide as the line says.
                    let lines = try tap.jsonLines
                    var next = try #require(lines.first?["arrival"]?.intValue)
                    for line in lines {
                        next += line["missed_before"]?.intValue ?? 0
                        #expect(line["arrival"]?.intValue == next)
                        next += 1
                    }
                    figure("lines of tap for 12,000 events at full speed", lines.count, "lines")
                }
            }
        }
    }

    @Test func `tap ends when nobody reads it, and with 69 when the reactor is killed`() async throws {
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: SampleHandlers.failedRuns) { reactor in
                await eventually("ready") { await reactor.isReady }
                let publish: () async throws -> Void = {
                    _ = try await server.command("PUBLISH", "aos.events", #"{"event_type": "x.y", "payload": {}}"#)
                    try await Task.sleep(for: .milliseconds(20))
                }
                let verb = "\(BuiltProgram.path) tap --url \(reactor.adminAddress)"
                try await withTestProgram(["/bin/sh", "-c", "\(verb) | head -1"]) { pipe in
                    try await eventually("the pipe ends") {
                        try await publish()
                        return pipe.exitStatus == .exited(code: 0)
                    }
                    #expect(pipe.output.contains("x.y"))
                }
                try await withTestProgram(["/bin/sh", "-c", "exec \(verb)"]) { tap in
                    try await eventually("it shows events") {
                        try await publish()
                        return !tap.output.isEmpty
                    }
                    reactor.program.send(SIGKILL)
                    let end = try await tap.waitForExit()
                    #expect(end == .exited(code: 69))
                    #expect(tap.errorOutput.hasPrefix("error: the reactor has gone: "))
                }
            }
        }
    }

    @Test func `something else at the address of a reactor is told from one`() async throws {
        let script = """
            import http.server
            class Other(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_response(404)
                    self.end_headers()
                    self.wfile.write(b'{"not": "a reactor"}')
            server = http.server.HTTPServer(("127.0.0.1", 0), Other)
            print(server.server_port, flush=True)
            server.serve_forever()
            """
        try await withTestProgram(["/usr/bin/python3", "-c", script]) { other in
            await eventually("it listens") { other.output.hasSuffix("\n") }
            let address = "http://127.0.0.1:\(other.output.prefix { $0.isNumber })"
            let status = try await runVerb("status", "--url", address)
            #expect(status.exitCode == 69)
            #expect(status.errorOutput.hasPrefix("error: \(address) answers /v1/status with status 404"))
        }
    }

    @Test func `tap refuses what is no pattern with 64`() async throws {
        try await withRedisServer { server in
            try await withRunningReactor(redis: server.url, handlers: SampleHandlers.failedRuns) { reactor in
                await eventually("it answers") { (try? await reactor.get("/healthz").status) == 200 }
                let wrong = try await runVerb("tap", "--on", "a*b", "--url", reactor.adminAddress)
                #expect(wrong.exitCode == 64)
                #expect(wrong.errorOutput.contains(#"\"a*b\" is no event type pattern"#), "\(wrong.errorOutput)")
            }
        }
    }

    @Test func `doctor finds a tiny output buffer, and says what to do`() async throws {
        let tiny = ["client-output-buffer-limit pubsub 1mb 512kb 10", "appendonly no"]
        try await withRedisServer(directives: tiny) { server in
            let doctor = try await runVerb("doctor", "--redis", server.url)
            #expect(doctor.exitCode == 1)
            let lines = doctor.output.split(separator: "\n")
            let place = try #require(lines.firstIndex { $0.contains("output_buffer") })
            #expect(lines[place].hasPrefix("problem "), "\(lines[place])")
            #expect(lines[place].contains("hard 1 MiB, soft 524288 bytes for 10 s"))
            #expect(lines[place + 1].contains(#"-> CONFIG SET client-output-buffer-limit "pubsub 512mb 256mb 60""#))
            #expect(lines.contains { $0.hasPrefix("warning") && $0.contains("persistence") })
        }
        let fine = [
            "client-output-buffer-limit pubsub 512mb 256mb 60", "tcp-keepalive 60", "appendfsync everysec",
        ]
        try await withRedisServer(appendOnly: true, directives: fine) { server in
            let doctor = try await runVerb("doctor", "--redis", server.url)
            #expect(doctor.exitCode == 0, "\(doctor.everything)")
            #expect(doctor.output.contains("what it acknowledges is durable"))
        }
    }

    @Test func `where it listens and what it handles: the flag, the environment, the file`() async throws {
        try await withRedisServer { server in
            try await withTemporaryFolder { folder in
                let file =
                    "version: 1\nhttp: { listen: \"unix:\(folder)/file.sock\" }\nredis: { url: \"\(server.url)\" }\n"
                try write(file, to: folder + "/config/reactor.yaml")
                try write(SampleHandlers.failedRuns, to: folder + "/handlers/a.yaml")
                try write(SampleHandlers.work("elsewhere"), to: folder + "/elsewhere.yaml")
                let environment = [
                    "REACTOR_HTTP_LISTEN": "unix:\(folder)/environment.sock", "REACTOR_HANDLERS": "elsewhere.yaml",
                ]
                let flags = ["--listen", "unix:\(folder)/flag.sock", "--handlers", "handlers"]
                try await Self.expect("file.sock", "failed-runs", in: folder)
                try await Self.expect("environment.sock", "elsewhere", in: folder, environment)
                try await Self.expect("flag.sock", "failed-runs", in: folder, environment, flags)

                // The flag --require-redis has its variable too.
                let nowhere = ["REACTOR_REQUIRE_REDIS": "yes", "REDIS_URL": "unix://\(folder)/nothing.sock"]
                let required = try await runVerb("run", in: folder, environment: nowhere)
                #expect(required.exitCode == 69, "\(required.everything)")
            }
        }
    }

    /// Runs a reactor in a folder that has everything, and looks where it listens and which handler it has.
    private static func expect(
        _ socket: String,
        _ handler: String,
        in folder: String,
        _ environment: [String: String] = [:],
        _ flags: [String] = []
    ) async throws {
        let run = try command([BuiltProgram.path, "run"] + flags, in: folder)
        try await withTestProgram(run, environment: environment) { program in
            let log = "admin interface listens"
            try await eventually("it listens") { try program.logLine(log) != nil }
            #expect(try program.logLine(log)?["address"]?.stringValue == "unix:\(folder)/\(socket)")
            let reactor = RunningReactor(program: program, folder: folder, socket: socket)
            let handlers = try await reactor.json("/v1/handlers")["handlers"]?.arrayValue
            #expect(handlers?.map { $0["name"]?.stringValue } == [handler])
            // Without --url the same configuration says whom to ask.
            if flags.isEmpty {
                let status = try await runVerb("status", "--json", in: folder, environment: environment)
                let report = try JSONValue.parse(status.output)
                let instance = try await reactor.json("/v1/status")["instance"]
                #expect(report["status"]?["instance"] == instance)
            }
            program.send(SIGTERM)
            let end = try await program.waitForExit()
            #expect(end == .exited(code: 0), "\(program.errorOutput)")
        }
    }

    @Test func `switched off it subscribes to nothing and says so in its health`() async throws {
        try await withRedisServer { server in
            try await withRunningReactor(
                redis: server.url,
                handlers: SampleHandlers.failedRuns,
                environment: ["EVENT_REACTOR_ENABLED": "false"]
            ) { reactor in
                await eventually("it answers") { (try? await reactor.get("/healthz").status) == 200 }
                #expect(try await reactor.json("/healthz")["state"]?.stringValue == "DISABLED")
                let ready = try await reactor.json("/readyz")
                let subscription = ready["components"]?.arrayValue?.first { $0["name"]?.stringValue == "subscription" }
                #expect(subscription?["message"]?.stringValue == "disabled: subscribes to nothing")
                #expect(try await reactor.json("/v1/status")["state"]?.stringValue == "DISABLED")
                #expect(try await server.subscriberCount(of: "aos.events") == 0)
                let clients = try await server.command("CLIENT", "LIST").text ?? ""
                #expect(!clients.contains("name=aos-reactor"))
                let status = try await runVerb("status", "--url", reactor.adminAddress)
                #expect(status.output.hasPrefix("state          DISABLED"))
                reactor.program.send(SIGTERM)
                #expect(try await reactor.program.waitForExit() == .exited(code: 0))
                #expect(reactor.program.errorOutput.contains("stopped, nothing left undone"))
            }
        }
    }
}
