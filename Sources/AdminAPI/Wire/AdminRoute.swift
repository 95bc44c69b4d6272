/// The paths of the admin interface; `{id}` stands for one part of a path.
package enum AdminRoute: String, Sendable, CaseIterable {
    /// Whether the process makes progress: 200 or 503.
    case health = "/healthz"
    /// Whether events that are published now will be handled: 200 or 503.
    case ready = "/readyz"
    /// Prometheus text format 0.0.4.
    case metrics = "/metrics"
    case version = "/version"
    /// The description of this interface.
    case openAPI = "/openapi.json"
    case status = "/v1/status"
    case handlers = "/v1/handlers"
    /// `?run_id=&tenant=&verdict=&severity=&since=&before=&limit=`
    case alerts = "/v1/alerts"
    /// POST: tells receivers of a made-up alert.
    case alertTest = "/v1/alerts/test"
    case alert = "/v1/alerts/{id}"
    /// `?run_id=&tenant=&verdict=&severity=&since=&before=&limit=`
    case receipts = "/v1/receipts"
    case fatigue = "/v1/tenants/{id}/fatigue"
    /// GET lists, POST makes one.
    case silences = "/v1/silences"
    /// POST: which of the last alerts a silence would hide.
    case silencePreview = "/v1/silences/preview"
    /// GET shows, DELETE ends it.
    case silence = "/v1/silences/{id}"
    /// Who changed what, and when.
    case audit = "/v1/audit"
    /// POST: that a run is expected to do something.
    case runExpectations = "/v1/runs/{id}/expectations"
    /// POST: that a run has done something, or tried.
    case runAcks = "/v1/runs/{id}/acks"
    /// Workers that are to beat.
    case heartbeats = "/v1/heartbeats"
    case receivers = "/v1/receivers"
    /// `?receiver=&status=&alert_id=&limit=`
    case deliveries = "/v1/deliveries"
    /// `?receiver=&limit=`
    case deadLetters = "/v1/dead-letters"
    /// GET shows, DELETE drops it.
    case deadLetter = "/v1/dead-letters/{id}"
    /// POST: sends it again.
    case deadLetterRetry = "/v1/dead-letters/{id}/retry"
    /// `?tenant=&status=&open=&since=&after=&limit=`
    case runs = "/v1/runs"
    /// `?limit=1...10000`
    case run = "/v1/runs/{id}"
    /// `?limit=1...1000`
    case thresholds = "/v1/thresholds"
    /// `?limit=1...1000`
    case quarantine = "/v1/quarantine"
    /// `?on=run.*`, several times or with commas; lines of JSON until the client goes.
    case tap = "/v1/tap"

    package var path: String { self.rawValue }

    /// What it can be asked with, besides HEAD where GET is.
    package var methods: [String] {
        switch self {
        case .alertTest, .silencePreview, .deadLetterRetry, .runExpectations, .runAcks: ["POST"]
        case .silences: ["GET", "POST"]
        case .silence, .deadLetter: ["GET", "DELETE"]
        default: ["GET"]
        }
    }

    /// The path with a value for `{id}`: each byte that is not plain is percent-encoded.
    package func path(_ id: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in id.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        let parts = self.rawValue.split(separator: "{id}", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.joined(separator: String(decoding: bytes, as: UTF8.self))
    }

    /// The route of a path that was asked for; as the router, without regard to extra slashes. What is written out goes
    /// before `{id}`.
    package init?(asked path: String) {
        let parts = path.split(separator: "/")
        let fitting = Self.allCases.filter { route in
            let own = route.rawValue.split(separator: "/")
            return own.count == parts.count && zip(own, parts).allSatisfy { $0 == "{id}" || $0 == $1 }
        }
        guard let found = fitting.first(where: { !$0.rawValue.contains("{") }) ?? fitting.first else { return nil }
        self = found
    }
}
