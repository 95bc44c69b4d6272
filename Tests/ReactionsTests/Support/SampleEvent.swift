import Events
import Reactions
import Testing

/// An envelope that was decoded from its JSON, and the context of its templates.
struct SampleEvent {
    let envelope: Envelope
    /// The envelope points into its scratch space.
    private let decoder: EnvelopeDecoder

    static let timestamp = "2026-11-21T00:40:00.123456+00:00"

    init(
        _ eventType: String,
        payload: JSONValue = .object([]),
        runID: String? = nil,
        tenant: String = "",
        eventID: String = "",
        hops: Int = 0
    ) throws {
        var payload = payload
        if let runID, case .object(let members) = payload {
            payload = .object(members + [JSONMember("run_id", .string(runID))])
        }
        var members = [
            JSONMember("event_type", .string(eventType)), JSONMember("timestamp", .string(Self.timestamp)),
            JSONMember("source", "aos"), JSONMember("payload", payload), JSONMember("aos_hops", .number(hops)),
        ]
        if !tenant.isEmpty { members.append(JSONMember("tenant_id", .string(tenant))) }
        if !eventID.isEmpty { members.append(JSONMember("event_id", .string(eventID))) }
        try self.init(json: JSONValue.object(members).compactText)
    }

    init(json: String) throws {
        let bytes = Array(json.utf8)
        // Never freed: a view must not outlive the bytes, and tests are short.
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: bytes.count)
        memory.initialize(from: bytes, count: bytes.count)
        self.decoder = EnvelopeDecoder()
        // Likewise never freed: the envelope is a window on its scratch space.
        _ = Unmanaged.passRetained(self.decoder)
        let outcome = self.decoder.decode(
            ByteView(start: memory, count: bytes.count),
            arrivedAt: Timestamp(microseconds: 1_795_221_600_200_000)
        )
        guard case .envelope(let envelope) = outcome else {
            throw ReactionError("not an envelope: \(outcome)")
        }
        self.envelope = envelope
    }

    var context: TemplateContext { TemplateContext(self.envelope) }

    var environment: ReactionEnvironment {
        ReactionEnvironment(now: Timestamp(seconds: 1_795_221_601), arrival: 7) { "alert-1" }
    }

    func react(_ definition: HandlerDefinition, hopLimit: UInt8 = 8) throws -> [Reaction] {
        var context = self.context
        let handler = CompiledHandler(definition, hopLimit: hopLimit)
        return try handler.react(to: self.envelope, context: &context, environment: self.environment)
    }

    /// What the event ends of what the handler's alerts are about.
    func end(_ definition: HandlerDefinition) throws -> [Reaction] {
        var context = self.context
        return try CompiledHandler(definition).end(
            by: self.envelope,
            context: &context,
            environment: self.environment
        )
    }

    func render(_ source: String) throws -> String {
        var context = self.context
        return try Template(source).render(&context)
    }
}

extension Reaction {
    var alert: Alert? {
        guard case .alert(let alert) = self else { return nil }
        return alert
    }

    var line: String? {
        guard case .log(_, let message) = self else { return nil }
        return message
    }
}
