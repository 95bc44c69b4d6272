import Hummingbird
import Telemetry

/// Counts requests by route and status.
struct RequestCounting<Context: RequestContext>: RouterMiddleware {
    let registry: MetricsRegistry

    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        let response = try await next(request, context)
        // The route's own path, never what the client sent: that would be a label of any length and number.
        let route = AdminRoute(asked: request.uri.path)?.path ?? "other"
        let labels = [("route", route), ("status", "\(response.status.code)")]
        self.registry.counter(MetricCatalog.SelfReport.httpRequests, labels).increment()
        return response
    }
}
