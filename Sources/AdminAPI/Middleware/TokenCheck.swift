import Hummingbird
import Reactions

/// Asks for the bearer token, where there is one. Health is told to anybody: those who watch processes have no tokens.
struct TokenCheck<Context: RequestContext>: RouterMiddleware {
    private let token: [UInt8]?

    init(_ settings: AdminSettings) {
        self.token = settings.token.map { Array($0.exposed.utf8) }
    }

    private static var open: Set<AdminRoute> { [.health, .ready] }

    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard let token, !Self.isOpen(request.uri.path) else { return try await next(request, context) }
        guard Self.isEqual(Self.bearer(request) ?? [], token) else { throw Problem.unauthorized }
        return try await next(request, context)
    }

    private static func isOpen(_ path: String) -> Bool {
        AdminRoute(rawValue: path).map { Self.open.contains($0) } ?? false
    }

    private static func bearer(_ request: Request) -> [UInt8]? {
        let values = request.headers[values: .authorization]
        guard values.count == 1, let value = values.first else { return nil }
        let scheme = "bearer "
        guard value.utf8.count > scheme.utf8.count, value.prefix(scheme.count).lowercased() == scheme else {
            return nil
        }
        return Array(value.utf8.dropFirst(scheme.utf8.count))
    }

    /// Takes as long for a first byte that differs as for a last one.
    private static func isEqual(_ given: [UInt8], _ token: [UInt8]) -> Bool {
        var difference = given.count ^ token.count
        for index in token.indices {
            difference |= Int(token[index] ^ (index < given.count ? given[index] : 0))
        }
        return difference == 0
    }
}
