internal import Reactions
internal import RedisClient

/// What can only be judged once everything is read.
struct ConfigurationChecks {
    let file: ReadingContext?

    func run(_ builder: inout ConfigurationBuilder) {
        self.resolveRedis(&builder)
        let configuration = builder.configuration
        if !configuration.http.listen.isLocal, configuration.http.token == nil {
            let message =
                "without a token the admin interface listens on this machine only (127.0.0.1, ::1, localhost, unix:); "
                + "give `http.token: {env: NAME}` to open \(configuration.http.listen)"
            self.report(.exposedListener, at: "http.listen", in: builder, message)
        }
        if configuration.state == .memory, configuration.durability.isRequired {
            let why =
                configuration.durability.policy == .require ? "`durability: require`" : "AOS_MODE with RAC_ENABLED"
            let message =
                "state in memory does not survive a restart, which \(why) does not allow; use `state: redis`, or accept it "
                + "with `durability: warn`"
            self.report(.contradiction, at: "state", in: builder, message)
        }
        let flapping = configuration.alerts.flapping
        if flapping.lowPercent >= flapping.highPercent {
            let message =
                "flapping ends below \(flapping.lowPercent) % and begins above \(flapping.highPercent) %; "
                + "the first must be the smaller one (`alerts.flapping.high_percent`)"
            self.report(.contradiction, at: "alerts.flapping.low_percent", in: builder, message)
        }
        if configuration.intake.ringBytes < 2 * configuration.intake.maxEventBytes {
            let message =
                "the ring of \(SizeText.format(configuration.intake.ringBytes)) must hold at least two events of "
                + "\(SizeText.format(configuration.intake.maxEventBytes)) (`intake.max_event_bytes`)"
            self.report(.contradiction, at: "intake.ring", in: builder, message)
        }
    }

    private func resolveRedis(_ builder: inout ConfigurationBuilder) {
        let redis = builder.configuration.redis
        guard let url = redis.url else {
            if redis.caFile != nil {
                let message = "`redis.ca_file` is given, but the embedded server is used without TLS"
                self.report(.contradiction, at: "redis.ca_file", in: builder, message)
            }
            return
        }
        do throws(RedisURLError) {
            builder.configuration.redis.endpoint = try RedisEndpoint(url: url.exposed, caFile: redis.caFile)
        } catch {
            let path = error.code == .certificateFile ? "redis.ca_file" : "redis.url"
            self.report(.badRedisURL, at: path, in: builder, "`\(path)`: \(error.message)")
        }
    }

    private func report(_ code: DiagnosticCode, at path: String, in builder: ConfigurationBuilder, _ message: String) {
        let origin = builder.origins[path] ?? .standard
        switch origin {
        case .file(let location):
            if let node = builder.nodes[path], let file = self.file {
                let hidesValue = OptionTable.byPath[path]?.isSecret == true
                file.report(code, at: node, message, hidesValue: hidesValue)
            } else {
                builder.problems.add(Diagnostic(.error, code, at: .source(location), message))
            }
        case .flag(let flag): builder.problems.add(Diagnostic(.error, code, at: .commandLine, "\(flag): \(message)"))
        case .environment(let name):
            builder.problems.add(Diagnostic(.error, code, at: .environment, "\(name): \(message)"))
        case .standard: builder.problems.add(Diagnostic(.error, code, at: .environment, message))
        }
    }
}
