/// What can only be judged once everything is read.
struct ConfigurationChecks {
    let builder: ConfigurationBuilder
    let file: ReadingContext?

    func run() {
        let configuration = self.builder.configuration
        if !configuration.http.listen.isLocal, !configuration.http.insecure {
            let message =
                "the admin interface has no access control yet, so it listens on this machine only "
                + "(127.0.0.1, ::1, localhost, unix:); set `http.insecure: true` to open \(configuration.http.listen) anyway"
            self.report(.exposedListener, at: "http.listen", message)
        }
        if configuration.intake.ringBytes < 2 * configuration.intake.maxEventBytes {
            let message =
                "the ring of \(SizeText.format(configuration.intake.ringBytes)) must hold two events of "
                + "\(SizeText.format(configuration.intake.maxEventBytes)) (intake.max_event_bytes) at least"
            self.report(.contradiction, at: "intake.ring", message)
        }
    }

    private func report(_ code: DiagnosticCode, at path: String, _ message: String) {
        if let node = self.builder.nodes[path], let file = self.file {
            file.report(code, at: node, message)
            return
        }
        let place: Diagnostic.Place =
            switch self.builder.origins[path] {
            case .environment: .environment
            case .flag: .commandLine
            case .file(let location): .source(location)
            case .standard, nil: .environment
            }
        let origin = self.builder.origins[path].map { "\($0): " } ?? ""
        self.builder.problems.add(Diagnostic(.error, code, at: place, origin + message))
    }
}
