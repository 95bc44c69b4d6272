import RedisClient
import Testing

@Suite struct `The doctor` {
    private func finding(
        _ code: ServerFinding.Code,
        _ change: (inout ServerFacts) -> Void
    ) throws -> ServerFinding {
        var facts = ServerFacts()
        change(&facts)
        return try #require(ServerReport(facts: facts).findings.first { $0.code == code })
    }

    @Test func `reads the limit of a class from the server's configuration`() {
        let text = "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"
        #expect(
            OutputBufferLimit(class: "pubsub", configuration: text)
                == OutputBufferLimit(hard: 33_554_432, soft: 8_388_608, softSeconds: 60)
        )
        #expect(OutputBufferLimit(class: "none", configuration: text) == nil)
        #expect(OutputBufferLimit(class: "pubsub", configuration: "pubsub 1 2") == nil)
    }

    @Test(
        arguments: [
            (0, ServerFinding.Severity.note), (1 << 20, .problem), (32 << 20, .warning), (256 << 20, .ok),
            (1 << 30, .ok),
        ] as [(Int64, ServerFinding.Severity)]
    )
    func `judges the output-buffer limit of subscribers`(hard: Int64, severity: ServerFinding.Severity) throws {
        let finding = try self.finding(.outputBuffer) { facts in
            facts.subscriberLimit = OutputBufferLimit(hard: hard, soft: 0, softSeconds: 0)
        }
        #expect(finding.severity == severity)
        #expect((finding.remedy == nil) == (severity == .ok))
    }

    @Test(
        arguments: [
            (0, "allkeys-lru", ServerFinding.Severity.ok), (1, "noeviction", .ok), (1 << 30, "allkeys-lru", .problem),
            (1 << 30, "volatile-ttl", .warning),
        ] as [(Int64, String, ServerFinding.Severity)]
    )
    func `judges eviction`(limit: Int64, policy: String, severity: ServerFinding.Severity) throws {
        let finding = try self.finding(.eviction) { facts in
            facts.maxMemory = limit
            facts.evictionPolicy = policy
        }
        #expect(finding.severity == severity)
    }

    @Test(
        arguments: [
            (true, "always", ServerDurability.Verdict.durable, ServerFinding.Severity.ok),
            (true, "everysec", .durable, .ok), (true, "no", .volatile, .warning),
            (false, "everysec", .volatile, .warning),
            (true, nil, .unknown, .note), (nil, nil, .unknown, .note), (false, nil, .volatile, .warning),
        ] as [(Bool?, String?, ServerDurability.Verdict, ServerFinding.Severity)]
    )
    func `judges persistence`(
        appendOnly: Bool?,
        fsync: String?,
        durability: ServerDurability.Verdict,
        severity: ServerFinding.Severity
    ) throws {
        var facts = ServerFacts()
        facts.maxMemory = 0
        facts.evictionPolicy = "noeviction"
        facts.appendOnly = appendOnly
        facts.appendFsync = fsync
        let report = ServerReport(facts: facts)
        #expect(report.durability.verdict == durability)
        #expect(report.findings.first { $0.code == .persistence }?.severity == severity)
    }

    @Test func `a server that drops keys when memory is short keeps nothing for sure, whatever it writes`() {
        var facts = ServerFacts()
        facts.appendOnly = true
        facts.appendFsync = "always"
        #expect(ServerReport(facts: facts).durability.verdict == .unknown)
        facts.maxMemory = 1 << 30
        facts.evictionPolicy = "volatile-lru"
        #expect(ServerReport(facts: facts).durability.verdict == .volatile)
        #expect(ServerReport(facts: facts).durability.reason.contains("volatile-lru"))
        facts.evictionPolicy = "noeviction"
        facts.replicas = 2
        #expect(ServerReport(facts: facts).durability.verdict == .durable)
        #expect(ServerReport(facts: facts).durability.reason == "appendonly yes, appendfsync always, replicas: 2")
    }

    @Test(arguments: [
        ([5, 0, 14], ServerFinding.Severity.problem), ([6, 2, 0], .note), ([7, 0, 15], .note), ([7, 4, 0], .ok),
        ([8, 0, 0], .ok), ([6, 0, 20], .problem),
    ])
    func `judges the version`(version: [Int], severity: ServerFinding.Severity) throws {
        let finding = try self.finding(.version) { facts in
            facts.version = version
            facts.versionText = version.map(String.init).joined(separator: ".")
        }
        #expect(finding.severity == severity)
    }

    @Test(arguments: [
        (Duration.milliseconds(3), ServerFinding.Severity.ok), (.milliseconds(-700), .warning), (.seconds(6), .problem),
        (.seconds(-3_600), .problem),
    ])
    func `judges the clock, by no more than can be measured`(offset: Duration, severity: ServerFinding.Severity) throws
    {
        let finding = try self.finding(.clock) { facts in
            facts.clock = ServerFacts.ClockOffset(offset: offset, uncertainty: .milliseconds(1))
        }
        #expect(finding.severity == severity)
        let unsure = try self.finding(.clock) { facts in
            facts.clock = ServerFacts.ClockOffset(offset: offset, uncertainty: .seconds(4_000))
        }
        #expect(unsure.severity == .ok)
    }

    @Test(
        arguments: [(0, ServerFinding.Severity.warning), (60, .ok), (300, .warning)]
            as [(Int64, ServerFinding.Severity)]
    )
    func `judges keepalive, less strictly where there is no network`(
        seconds: Int64,
        severity: ServerFinding.Severity
    ) throws {
        #expect(try self.finding(.keepalive) { $0.keepalive = seconds }.severity == severity)
        let local = try self.finding(.keepalive) { facts in
            facts.keepalive = seconds
            facts.isLocal = true
        }
        #expect(local.severity == (severity == .ok ? .ok : .note))
    }

    @Test func `takes a missing right to publish or subscribe for a problem`() throws {
        #expect(try self.finding(.permissions) { $0.forbidden = [] }.severity == .ok)
        #expect(try self.finding(.permissions) { $0.forbidden = ["CONFIG GET"] }.severity == .warning)
        let finding = try self.finding(.permissions) { facts in
            facts.user = "joe"
            facts.forbidden = ["PUBLISH aos.events", "CONFIG GET"]
        }
        #expect(finding.severity == .problem)
        #expect(finding.message == "user \"joe\" may not: PUBLISH aos.events, CONFIG GET")
    }

    @Test func `says of everything unknown that it is, and why`() {
        var facts = ServerFacts()
        facts.configurationError = RedisError(.noPermission, "NOPERM")
        let report = ServerReport(facts: facts)
        #expect(report.findings.allSatisfy { $0.severity == ($0.code == .permissions ? .warning : .note) })
        #expect(report.findings.count == 8)
        #expect(report.findings.allSatisfy { $0.message.contains("unknown") && $0.message.contains("no_permission") })
        #expect(report.worst == .warning)
        #expect(ServerReport(facts: ServerFacts()).worst == .note)
        #expect(ServerReport(facts: ServerFacts()).findings.allSatisfy { $0.remedy == nil })
    }

    @Test func `reads a line of CLIENT LIST`() throws {
        let line =
            "id=7 addr=127.0.0.1:1 laddr=127.0.0.1:2 fd=8 name=aos sub=1 psub=0 obl=0 oll=3 omem=61504 tot-mem=63000 cmd=x"
        let client = try #require(ConnectedClient(line: line))
        #expect(client.id == 7 && client.name == "aos" && client.outputBytes == 61_504 && client.totalBytes == 63_000)
        #expect(ConnectedClient.list("\(line)\n\nrubbish\n").count == 1)
    }
}
