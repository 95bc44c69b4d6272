import Events
import Glibc
import Logging
import Reactions
import Stores

// How many rows a second history takes from memory into a database, in batches as the reactor writes them.
//
//     history-bench DATABASE FOLDER [ROWS]
//
// DATABASE is `sqlite:PATH` or `postgres://...`, FOLDER gets the rows that the database is too slow for. Prints one line
// of JSON. Rows are recorded as fast as the buffer has room, without going to disk in between; the clock stops when the
// last one is committed.

enum Rows {
    static let start = Timestamp(microseconds: 1_767_225_600_000_000)

    /// Of every ten rows of a run two are events, and there is one of each other kind that a run has, about as in life.
    static func row(_ number: Int) -> HistoryRow {
        let runID = "run-\(number / 10)"
        let tenant = "tenant-\(number / 10 % 7)"
        let at = Self.start + .milliseconds(number)
        let content: HistoryContent
        switch number % 10 {
        case 0:
            content = .run(RunHistory(revision: 1, status: "PENDING", agent: "agent", deadlineAt: at + .seconds(35)))
        case 1, 2:
            let details: JSONValue = ["step": .number(number), "note": "nothing out of the ordinary to be told of"]
            content = .event(
                EventHistory(type: "run.step.completed", source: "worker", arrivedAt: at, details: details)
            )
        case 3, 4, 5:
            content = .expectation(
                ExpectationHistory(
                    domain: "logs",
                    action: "start_trace",
                    deadlineAt: at + .seconds(5),
                    origin: "contract"
                )
            )
        case 6, 7:
            content = .acknowledgement(AcknowledgementHistory(domain: "logs", action: "start_trace", status: "SUCCESS"))
        case 8:
            content = .finding(
                FindingHistory(
                    kind: "MISSING",
                    domain: "logs",
                    action: "start_trace",
                    severity: .high,
                    elapsedMilliseconds: 5000
                )
            )
        default: content = .receipt(ReceiptHistory(Self.decision(number, runID: runID, tenant: tenant, at: at)))
        }
        return HistoryRow(
            id: number % 10 == 0 ? "" : "\(number)",
            runID: runID,
            tenant: tenant,
            at: at,
            content: content
        )
    }

    private static func decision(_ number: Int, runID: String, tenant: String, at: Timestamp) -> DecisionRecord {
        DecisionRecord(
            cursor: "\(at.microseconds / 1000)-0",
            subject: AlertSubject(
                type: "MISSING_ACK",
                severity: .high,
                domain: "audit",
                tenant: tenant,
                runID: runID,
                key: "missing:\(runID)",
                summary: "Run \(runID) has not acknowledged logs/start_trace within 5 s",
                event: nil
            ),
            receipt: Receipt(
                alertID: "alert-\(number)",
                fingerprint: Fingerprint(key: "k", tenant: "t", domain: "incidents"),
                verdict: .cooldown,
                ground: .cooldown(domain: "audit", age: 1_500_000, severity: .high),
                window: .seconds(300),
                count: 3,
                limit: 100,
                nextAllowedAt: at + .seconds(300),
                remainingInWindow: 97,
                heldBackBy: "alert-1",
                handler: "audit",
                configVersion: "0123456789abcdef",
                instance: "reactor-1",
                decidedAt: at
            )
        )
    }
}

func measure(_ location: HistorySettings.Location, folder: String, rows: Int) async throws {
    var settings = HistorySettings(location: location, spillFolder: folder)
    settings.retention.age = nil
    let silent = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
    let keeper = HistoryKeeper(settings, logger: silent, now: { Rows.start })
    try await keeper.check()
    let clock = ContinuousClock()
    let start = clock.now
    let cpuStart = clock_gettime_cpu()
    let recording = try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await keeper.run() }
        defer { group.cancelAll() }
        var recording = Duration.zero
        var next = 0
        while next < rows {
            if keeper.figures.buffered > settings.bufferedRows / 3 {
                try await clock.sleep(for: .milliseconds(1))
                continue
            }
            let batch = (next..<min(next + 100, rows)).map(Rows.row)
            recording += clock.measure { keeper.record(batch) }
            next += batch.count
        }
        while keeper.figures.written < rows { try await clock.sleep(for: .milliseconds(1)) }
        return recording
    }
    let seconds = (clock.now - start).inSeconds
    let figures = keeper.figures
    let line: JSONValue = [
        "database": .string(keeper.name.hasPrefix("sqlite") ? "sqlite" : "postgres"), "rows": .number(rows),
        "seconds": .number((seconds * 1000).rounded() / 1000), "rows_per_second": .number(Int(Double(rows) / seconds)),
        "record_ns_per_row": .number(Int(recording.inSeconds * 1e9 / Double(rows))),
        "cpu_us_per_row": .number(((clock_gettime_cpu() - cpuStart) * 1e8 / Double(rows)).rounded() / 100),
        "spilled": .number(figures.spilled), "lost": .number(figures.lost), "refused": .number(figures.refused),
    ]
    print(line.compactText)
}

/// CPU time of this process in seconds.
func clock_gettime_cpu() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

let arguments = CommandLine.arguments
guard arguments.count >= 3, let location = try HistorySettings.Location(arguments[1]) else {
    print("usage: history-bench sqlite:PATH|postgres://... FOLDER [ROWS]")
    exit(64)
}
try await measure(location, folder: arguments[2], rows: arguments.count > 3 ? Int(arguments[3]) ?? 200_000 : 200_000)
