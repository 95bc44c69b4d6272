import ArgumentParser
import EventPatterns
import Events
import ReactorConfig
import ReactorRuntime

struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say why somebody was told of an alert and why not, or which handlers an event reaches.",
        discussion: """
            With the id of a run or an alert: asks a running reactor what came, what was decided about it by which number,
            and who got it when. With --event: says which handlers the event reaches and why, and why not the others; reads
            configuration and handlers as `run` does, and needs no running reactor. The answer is that of the same automaton
            that routes live events.

            Exit codes: 0 there is something to tell, or some handler gets the event; 1 nothing, or none does; 64 wrong
            flags; 65 the reactor would put the event into quarantine; 69 no reactor answers; 78 the configuration is
            refused.

            Example: aos-reactor explain r1
            Example: aos-reactor explain --event event.json --handlers handlers
            Example: aos-reactor explain --event '{"event_type": "run.failed"}'
            """
    )

    @Argument(help: ArgumentHelp("A run or an alert.", valueName: "run|alert"))
    var subject: String?

    @Option(help: ArgumentHelp("The event, an envelope.", valueName: "text|file|-"))
    var event: String?

    @Option(help: "At most so many alerts of a run, 1 to 1000.")
    var limit = 20

    @Flag(help: "Answer in JSON.")
    var json = false

    @Option(help: "Admin interface: http://HOST:PORT or unix:PATH (default: from the configuration).")
    var url: String?

    @OptionGroup var files: ConfigurationOptions

    func validate() throws {
        if (self.subject == nil) == (self.event == nil) {
            throw ValidationError("Name a run or an alert, or give an event with --event.")
        }
    }

    func run() async throws {
        if let event {
            try self.explain(event: event)
        } else if let subject {
            var admin = AdminOptions()
            admin.url = self.url
            admin.settings = self.files.settings
            try await AlertExplanation(admin: admin, limit: self.limit, json: self.json).show(subject)
        }
    }

    private func explain(event: String) throws {
        let (configuration, result) = try self.files.loadOrExit()
        let limits = DecoderLimits(maxEventBytes: configuration.intake.maxEventBytes)
        let explainer = RuleExplainer(
            result.handlers.map { RuleExplainer.Rule($0) },
            namedOnly: [InternalEvent.heartbeatType.string],
            limits: limits
        )
        let argument = TextArgument(event)
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
