import Hummingbird
import Logging
import ReactorRuntime
import Telemetry

/// What stands at which path.
struct AdminRouter {
    private let inspection: Inspection
    private let settings: AdminSettings
    private let registry: MetricsRegistry
    private let taps: TapCount
    private let keeper: BookKeeper

    init(
        inspector: any ReactorInspecting,
        books: AlertBooks,
        settings: AdminSettings,
        registry: MetricsRegistry,
        logger: Logger
    ) {
        self.inspection = Inspection(inspector, limit: settings.answerLimit)
        self.keeper = BookKeeper(books, limit: settings.answerLimit, logger: logger)
        self.settings = settings
        self.registry = registry
        self.taps = TapCount(limit: settings.tapLimit)
    }

    func responder() -> RouterResponder<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self, options: .autoGenerateHeadEndpoints)
        router.addMiddleware {
            RequestCounting<BasicRequestContext>(registry: self.registry)
            ProblemAnswers<BasicRequestContext>()
            RequestChecks<BasicRequestContext>(self.settings)
            TokenCheck<BasicRequestContext>(self.settings)
        }
        self.addHealth(to: router)
        self.addReactor(to: router)
        self.addTap(to: router)
        AlertRoutes(keeper: self.keeper, inspection: self.inspection).add(to: router)
        SilenceRoutes(keeper: self.keeper).add(to: router)
        RunRoutes(keeper: self.keeper).add(to: router)
        DeliveryRoutes(keeper: self.keeper).add(to: router)
        RunTellingRoutes(keeper: self.keeper).add(to: router)
        return router.buildResponder()
    }

    private func addHealth(to router: Router<BasicRequestContext>) {
        let (inspection, version) = (self.inspection, self.settings.version)
        router.get(.health) { _ in
            let (health, state) = try await inspection.ask { (await $0.health(), await $0.status().state) }
            let answer = LivenessResponse(health, state: state)
            return try .json(answer, status: health.isAlive ? .ok : .serviceUnavailable)
        }
        router.get(.ready) { _ in
            let health = try await inspection.ask { await $0.health() }
            return try .json(ReadinessResponse(health), status: health.isReady ? .ok : .serviceUnavailable)
        }
        router.get(.metrics) { _ in
            let text = try await inspection.ask { await $0.metrics() }
            return .bytes(text, mediaType: "text/plain; version=0.0.4; charset=utf-8")
        }
        router.get(.version) { _ in try .json(VersionResponse(version: version)) }
        router.get(.openAPI) { _ in
            .bytes(Array(OpenAPI.document(version: version).utf8), mediaType: "application/json")
        }
    }

    private func addReactor(to router: Router<BasicRequestContext>) {
        let inspection = self.inspection
        router.get(.status) { request in
            try Query(request, allowed: []).validate()
            return try .json(StatusResponse(try await inspection.ask { await $0.status() }))
        }
        router.get(.handlers) { request in
            try Query(request, allowed: []).validate()
            return try .json(HandlersResponse(try await inspection.ask { await $0.handlers() }))
        }
        router.get(.thresholds) { request in
            let limit = try Self.limit(request)
            return try .json(ThresholdsResponse(try await inspection.ask { await $0.thresholds(limit: limit) }))
        }
        router.get(.quarantine) { request in
            let limit = try Self.limit(request)
            return try .json(QuarantineResponse(try await inspection.ask { await $0.quarantine(limit: limit) }))
        }
    }

    private func addTap(to router: Router<BasicRequestContext>) {
        let (inspection, taps) = (self.inspection, self.taps)
        router.get(.tap) { request in
            var query = Query(request, allowed: ["on"])
            let patterns = query.patterns("on")
            try query.validate()
            guard taps.hasRoom else { throw Problem.unavailable("all \(taps.limit) places for taps are taken") }
            return Response.tap(patterns, of: inspection.inspector, request: request, taps: taps)
        }
    }

    private static func limit(_ request: Request) throws(Problem) -> Int {
        var query = Query(request, allowed: ["limit"])
        let limit = query.number("limit", in: 1...1_000, standard: 100)
        try query.validate()
        return limit
    }
}

extension Router<BasicRequestContext> {
    typealias Answer = @Sendable (Request, BasicRequestContext) async throws -> Response

    fileprivate func get(_ route: AdminRoute, use answer: @escaping @Sendable (Request) async throws -> Response) {
        self.get(RouterPath(route.path)) { request, _ in try await answer(request) }
    }

    func get(_ route: AdminRoute, use answer: @escaping Answer) { self.get(RouterPath(route.path), use: answer) }
    func post(_ route: AdminRoute, use answer: @escaping Answer) { self.post(RouterPath(route.path), use: answer) }
    func delete(_ route: AdminRoute, use answer: @escaping Answer) { self.delete(RouterPath(route.path), use: answer) }
}
