import ArgumentParser
import EventPatterns
import Events
import ReactorConfig
import ReactorRuntime

struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say which handlers an event reaches and why, and why not the others.",
        discussion: """
            Reads configuration and handlers as `run` does, and needs no running reactor. The answer is that of the same
            automaton that routes live events.

            Exit codes: 0 some handler gets the event; 1 none does; 64 wrong flags; 65 the reactor would put the event into
            quarantine; 78 the configuration is refused.

            Example: aos-reactor explain --event event.json --handlers handlers
            Example: aos-reactor explain --event '{"event_type": "run.failed", "payload": {"run_id": "r1"}}'
            """
    )

    @Option(help: ArgumentHelp("The event, an envelope.", valueName: "text|file|-"))
    var event: String

    @Flag(help: "Answer in JSON.")
    var json = false

    @OptionGroup var files: ConfigurationOptions

    func run() throws {
        let (configuration, result) = try self.files.loadOrExit()
        let limits = DecoderLimits(maxEventBytes: configuration.intake.maxEventBytes)
        let explainer = RuleExplainer(
            result.handlers.map { RuleExplainer.Rule($0) },
            namedOnly: [InternalEvent.heartbeatType.string],
            limits: limits
        )
        let argument = TextArgument(self.event)
        let bytes: [UInt8]
        do throws(TextInput.Failure) {
            bytes = try TextInput.bytes(of: argument, limit: limits.maxEventBytes)
        } catch {
            Terminal.standardError.print("error: \(error.message)")
            throw ExitCode.badInput
        }
        let isHandled = try bytes.withUnsafeBytes { bytes in
            let text = ByteView(bytes)
            do throws(EventRefusal) {
                let explanation = try explainer.explain(text)
                Terminal.standardOutput.write(self.json ? explanation.json.compactText + "\n" : explanation.text)
                return !explanation.called.isEmpty
            } catch {
                Terminal.standardError.print(error.message(argument.name("event"), in: text))
                throw ExitCode.badInput
            }
        }
        if !isHandled { throw ExitCode.findings }
    }
}
