import Dispatch
package import Events
package import Reactions
import Synchronization

/// Receiver `exec`: runs a program for each notification, with the JSON of a webhook on its standard input.
///
/// The program and its arguments are fixed by the configuration: nothing of an alert ever becomes part of them, and no
/// shell reads them. Exit code 0 is delivered, 64 to 66 and 78 are final, everything else is tried again.
package struct ExecSink: AlertSink {
    package struct Settings: Sendable {
        package var timeLimit: Duration = .seconds(30)
        /// Between the request to end and the end, for a program that took too long.
        package var grace: Duration = .seconds(2)
        package var maxOutputBytes = 16 * 1024
        /// On top of a small environment (`PATH`, `LC_ALL`); nothing of the reactor's own is handed on.
        package var environment: [String: String] = [:]

        package init() {}
    }

    /// What is wrong with a command.
    package struct CommandError: Error, Sendable, Hashable, CustomStringConvertible {
        package let description: String
    }

    package let name: String
    private let arguments: [String]
    private let settings: Settings

    package var kind: ReceiverKind { .exec }

    /// - Parameter arguments: the program's absolute path, and its arguments.
    package init(name: String, arguments: [String], settings: Settings = Settings()) throws(CommandError) {
        guard let program = arguments.first, program.first == "/" else {
            throw CommandError(
                description: "the program of `exec` needs its absolute path, found \"\(arguments.first ?? "")\""
            )
        }
        guard !arguments.contains(where: { $0.utf8.contains(0) }) else {
            throw CommandError(description: "an argument of `exec` has a NUL in it")
        }
        self.name = name
        self.arguments = arguments
        self.settings = settings
    }

    package func attempt(
        _ notification: AlertNotification,
        at now: Timestamp
    ) async throws(CancellationError) -> AttemptOutcome {
        var environment = ["PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"]
        environment.merge(self.settings.environment) { $1 }
        environment["AOS_DELIVERY_ID"] = notification.deliveryID
        let run = ProgramRun(
            arguments: self.arguments,
            environment: environment,
            input: WebhookWire.request(notification, at: now).body + [UInt8(ascii: "\n")],
            timeLimit: self.settings.timeLimit,
            grace: self.settings.grace,
            maxOutputBytes: self.settings.maxOutputBytes
        )
        let outcome = await Self.perform(run)
        return try self.judge(outcome)
    }

    /// Runs it on a thread of its own: it waits, and threads that are shared must not.
    private static func perform(_ run: ProgramRun) async -> ProgramRun.Outcome {
        let isCancelled = Atomic(false)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                DispatchQueue(label: "aos-reactor.exec").async {
                    continuation.resume(returning: run.run { isCancelled.load(ordering: .relaxed) })
                }
            }
        } onCancel: {
            isCancelled.store(true, ordering: .relaxed)
        }
    }

    private func judge(_ outcome: ProgramRun.Outcome) throws(CancellationError) -> AttemptOutcome {
        let said = Self.lastLine(of: outcome.output).map { ": \($0)" } ?? ""
        switch outcome.end {
        case .exited(let code) where code == 0: return .delivered
        case .exited(let code) where [64, 65, 66, 78].contains(code): return .dead(reason: "exit code \(code)\(said)")
        case .exited(let code): return .retry(reason: "exit code \(code)\(said)")
        case .killed(let signal): return .retry(reason: "ended by signal \(signal)\(said)")
        case .timedOut: return .retry(reason: "not done within \(self.settings.timeLimit.inWords)\(said)")
        case .cancelled: throw CancellationError()
        case .notStarted(let number): return .retry(reason: "cannot be started: \(SystemError.text(number))")
        }
    }

    /// What a program said last is why it failed, as a rule.
    private static func lastLine(of output: [UInt8]) -> String? {
        let text = String(decoding: output.suffix(4_096), as: UTF8.self)
        guard let line = text.split(whereSeparator: \.isNewline).last(where: { !$0.allSatisfy(\.isWhitespace) }) else {
            return nil
        }
        let clean = line.unicodeScalars.map { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) ? " " : $0 }
        return ClippedText.text(String(String.UnicodeScalarView(clean)), 200)
    }
}
