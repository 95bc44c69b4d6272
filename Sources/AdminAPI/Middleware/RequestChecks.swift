import Hummingbird

/// Refuses what no honest client of this interface sends.
struct RequestChecks<Context: RequestContext>: RouterMiddleware {
    /// Nil when any host is fine: a unix socket cannot be reached by a web page.
    private let hosts: HostPolicy?
    private let byteLimit: Int

    init(_ settings: AdminSettings) {
        self.byteLimit = settings.requestByteLimit
        switch settings.address {
        case .unix: self.hosts = nil
        case .tcp: self.hosts = HostPolicy(names: settings.allowedHosts)
        }
    }

    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        try self.hosts?.check(request)
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > self.byteLimit {
            throw Problem.tooLarge("no request here needs a body of that length; \(self.byteLimit) bytes are tolerated")
        }
        return try await next(request, context)
    }
}
