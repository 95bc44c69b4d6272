import ArgumentParser
import EventPatterns
import Events
import ReactorConfig

struct Match: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say whether an event matches a pattern, and if not, which field keeps it from matching.",
        discussion: """
            A pattern is JSON (by EventBridge's own rules) or YAML (as under a handler's `match:`). Patterns and events are
            given as text, as the name of a file, or as - for standard input. An event that is an envelope, legacy or
            CloudEvents, is read as the reactor reads it; any other JSON object as it stands.

            With --pattern-dir or --events there is one line of JSON for each event: {"line":1,"matches":["a"]}. Lines that
            are no events are told on standard error with their number, and counted.

            Exit codes: 0 a match; 1 none; 64 wrong flags; 65 an event cannot be read; 78 a pattern is refused.

            Example: aos-reactor match --pattern '{"payload": {"cost_usd": [{"numeric": [">", 25]}]}}' --event event.json
            Example: aos-reactor match --pattern 'payload: {status: failed}' --event - < event.json
            Example: aos-reactor match --pattern-dir patterns --events events.ndjson
            """
    )

    @Option(help: ArgumentHelp("The pattern.", valueName: "text|file|-"))
    var pattern: String?

    @Option(help: ArgumentHelp("A pattern that the event must not match.", valueName: "text|file|-"))
    var not: String?

    @Option(help: "A folder of patterns: *.json, *.yaml, *.yml, called by their names without the end.")
    var patternDir: String?

    @Option(help: ArgumentHelp("One event.", valueName: "text|file|-"))
    var event: String?

    @Option(help: ArgumentHelp("Many events, one a line (NDJSON).", valueName: "file|-"))
    var events: String?

    @Flag(help: "Take events as any JSON objects, also those that look like envelopes.")
    var plain = false

    @Flag(help: "Answer in JSON.")
    var json = false

    /// Bytes of one event; as the reactor's own default.
    private static let limits = DecoderLimits()

    func validate() throws {
        guard (self.pattern == nil) != (self.patternDir == nil) else {
            throw ValidationError("give either --pattern or --pattern-dir")
        }
        guard (self.event == nil) != (self.events == nil) else {
            throw ValidationError("give either --event or --events")
        }
        guard self.not == nil || self.pattern != nil else { throw ValidationError("--not goes with --pattern") }
        let standardInputs = [self.pattern, self.not, self.event, self.events].count { $0 == "-" }
        guard standardInputs <= 1 else { throw ValidationError("standard input can be read only once") }
    }

    func run() throws {
        let loader = PatternLoader(environment: ProcessEnvironment.variables)
        let patterns = self.patterns(loader)
        if !loader.diagnostics.isEmpty {
            let renderer = DiagnosticRenderer(colour: Terminal.standardError.wantsColour)
            Terminal.standardError.write(renderer.render(loader.diagnostics))
        }
        guard !loader.hasErrors else { throw ExitCode.badConfiguration }
        if self.patternDir == nil, let event, let pattern = patterns.first?.pattern {
            try self.explain(TextArgument(event), pattern)
        } else {
            try self.list(patterns)
        }
    }

    private var form: EventReader.Form { self.plain ? .object : .either }

    // MARK: Patterns

    private func patterns(_ loader: PatternLoader) -> [(name: String, pattern: EventPattern)] {
        if let patternDir { return loader.patterns(in: patternDir) }
        guard let pattern, let match = Self.text(pattern, "pattern", loader) else { return [] }
        let excluded = self.not.map { Self.text($0, "not", loader) }
        if let excluded, excluded == nil { return [] }
        return loader.pattern(match, not: excluded ?? nil).map { [(name: "pattern", pattern: $0)] } ?? []
    }

    private static func text(
        _ argument: String,
        _ role: String,
        _ loader: PatternLoader
    ) -> (text: [UInt8], name: String)? {
        let argument = TextArgument(argument)
        let bytes: [UInt8]? =
            switch argument {
            case .standardInput: StandardInput.read()
            case .literal(let text): Array(text.utf8)
            case .file(let path): loader.bytes(of: path)
            }
        return bytes.map { ($0, argument.name(role)) }
    }

    // MARK: One event

    private func explain(_ argument: TextArgument, _ pattern: EventPattern) throws {
        let explainer = PatternExplainer(pattern)
        let reader = EventReader(fields: explainer.fields, form: self.form, limits: Self.limits)
        let bytes: [UInt8]
        do throws(TextInput.Failure) {
            bytes = try TextInput.bytes(of: argument, limit: Self.limits.maxEventBytes)
        } catch {
            Terminal.standardError.print("error: \(error.message)")
            throw ExitCode.badInput
        }
        let isMatch = try bytes.withUnsafeBytes { bytes in
            let text = ByteView(bytes)
            do throws(EventRefusal) {
                let explanation = try explainer.explain(text, as: reader)
                Terminal.standardOutput.print(self.json ? explanation.json.compactText : explanation.report)
                return explanation.isMatch
            } catch {
                Terminal.standardError.print(error.message(argument.name("event"), in: text))
                throw ExitCode.badInput
            }
        }
        if !isMatch { throw ExitCode.findings }
    }

    // MARK: Many events

    private func list(_ patterns: [(name: String, pattern: EventPattern)]) throws {
        let matcher = NamedPatterns(patterns, form: self.form, limits: Self.limits)
        let argument =
            self.events.map { $0 == "-" ? TextArgument.standardInput : .file($0) } ?? TextArgument(self.event ?? "")
        let name = argument.name("event")
        var lines = EventLines(maximumBytes: Self.limits.maxEventBytes)
        var tally = (events: 0, matched: 0, bad: 0)
        var output: [UInt8] = []
        func take(_ number: Int, _ line: EventLines.Line) {
            tally.events += 1
            let text = if case .text(let text) = line { text } else { ByteView.empty }
            do throws(EventRefusal) {
                if case .tooLong = line { throw EventRefusal(.oversize, offset: 0) }
                let matches = try matcher.matches(text)
                if !matches.isEmpty { tally.matched += 1 }
                let answer: JSONValue = ["line": .number(number), "matches": .array(matches.map(JSONValue.string))]
                output += answer.compactBytes + [UInt8(ascii: "\n")]
            } catch {
                tally.bad += 1
                Terminal.standardError.print(error.message(name, line: number, in: text))
            }
        }
        do throws(TextInput.Failure) {
            if self.events == nil {
                // One event may be several lines.
                let bytes = try TextInput.bytes(of: argument, limit: Self.limits.maxEventBytes)
                bytes.withUnsafeBytes { take(1, .text(ByteView($0))) }
            } else {
                try TextInput.chunks(of: argument) { chunk in
                    lines.append(chunk, take)
                    Terminal.standardOutput.write(output)
                    output.removeAll(keepingCapacity: true)
                    return true
                }
                lines.finish(take)
            }
        } catch {
            Terminal.standardError.print("error: \(error.message)")
            throw ExitCode.badInput
        }
        Terminal.standardOutput.write(output)
        if tally.bad > 0 {
            Terminal.standardError.print("\(tally.bad) of \(tally.events) lines are no events")
            throw ExitCode.badInput
        }
        if tally.matched == 0 { throw ExitCode.findings }
    }
}

extension Explanation {
    /// For people: the leaves that matched, or the one that did not.
    fileprivate var report: String {
        switch self.verdict {
        case .match(let leaves): return (["match"] + leaves.map { "  \($0)" }).joined(separator: "\n")
        case .noMatch(let failure):
            var table = Table(["  path", failure.path])
            table.add(["  operator", failure.operatorName])
            table.add(["  expected", failure.expected])
            table.add(["  actual", failure.actual ?? "nothing"])
            table.add(["  reason", failure.sentence])
            table.add(["  asked at", "line \(failure.mark.line), column \(failure.mark.column) of the pattern"])
            return "no match\n" + table.text
        }
    }
}

extension Explanation.Failure {
    fileprivate var sentence: String {
        switch self.reason {
        case .missing: "there is no value at the path"
        case .mismatch: "no value at the path is as expected"
        case .present: "there is a value where none may be"
        case .differentElements: "each field matches, but in different elements of one list"
        case .excluded: "the event matches the pattern of `not`"
        }
    }
}
