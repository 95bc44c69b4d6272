/// The paths of the admin interface. All are read with GET or HEAD.
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
    /// `?limit=1...1000`
    case alerts = "/v1/alerts"
    /// `?limit=1...1000`
    case quarantine = "/v1/quarantine"
    /// `?on=run.*`, several times or with commas; lines of JSON until the client goes.
    case tap = "/v1/tap"

    package var path: String { self.rawValue }
}
